package io.penstock.runtime.config;

/**
 * Grouped-query attention: query head h reads key-value head {@code h / (numHeads / numKvHeads)}.
 *
 * @param ropeTheta base of the rotary frequencies
 */
public record AttentionConfig(int numHeads, int numKvHeads, int headDim, double ropeTheta) {

    /** Columns of a query row. */
    public int queryWidth() {
        return numHeads * headDim;
    }

    /** Columns of a key row, and of a value row. */
    public int kvWidth() {
        return numKvHeads * headDim;
    }
}
