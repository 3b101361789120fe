package io.penstock.runtime;

/**
 * The outputs that a request permits, as a deterministic machine over tokens: what a scheduler follows without knowing
 * text. Shared by all sequences that have it, and safe for any thread.
 */
public interface TokenGrammar {
    /** Where every output begins. */
    State start();

    /**
     * What an output may go on with. A function of the tokens before it alone, and never changed: a sequence keeps it
     * over preemption and recomputation, and forks share it.
     */
    interface State {
        /** The state behind one more token, an end token excepted; null where the token is not permitted. */
        State after(int tokenId);

        /** States with the same key permit the same tokens; compared by identity. */
        Object maskKey();

        /**
         * Does what {@link #fillMask} needs the first time, or a part of it.
         *
         * @param maxWork the most to do, in nodes of the vocabulary that are walked
         * @return how much of that is left, or -1 if there is more to be done
         */
        default int prepareMask(int maxWork) {
            return maxWork;
        }

        /**
         * Writes which tokens are permitted: bit {@code id % 32} of word {@code offset + id / 32}. At least one is. An
         * end token is permitted where the output may end; it alone where nothing else may follow.
         */
        void fillMask(int[] words, int offset, int numWords);
    }
}
