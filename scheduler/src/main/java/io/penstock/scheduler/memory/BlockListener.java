package io.penstock.scheduler.memory;

/**
 * Told which blocks can be found and which no longer can, by the engine's thread: must return at once. A block's key
 * stands for its tokens and all those before them.
 */
public interface BlockListener {
    /**
     * A block can be found.
     *
     * @param parentKey of the block before it; meaningless for the first one of a sequence
     * @param tokens holds its tokens, during the call
     */
    void stored(long key, long parentKey, boolean isFirst, BlockTokens tokens, int block);

    /** A block can no longer be found. */
    void removed(long key);

    /** No block can be found. */
    void cleared();
}
