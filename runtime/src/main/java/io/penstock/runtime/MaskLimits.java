package io.penstock.runtime;

/**
 * Room for the token masks of constrained sequences in one step. Sequences in states that permit the same tokens share
 * a mask; one that finds no room waits for the next step.
 *
 * @param maxNumMasks masks in one step; with 0, requests that demand a form of output are rejected
 * @param vocabSize bits in a mask: rows of the LM head
 */
public record MaskLimits(int maxNumMasks, int vocabSize) {
    /** No constrained sequences. */
    public static final MaskLimits NONE = new MaskLimits(0, 0);

    public MaskLimits {
        if (maxNumMasks < 0 || vocabSize < 0 || maxNumMasks > 0 && vocabSize == 0) {
            throw new InputException("max_num_masks must be at least 0 for a vocabulary that is not empty, not "
                    + maxNumMasks + " for " + vocabSize + " tokens");
        }
        if ((long) maxNumMasks * ((vocabSize + 31L) / 32) > Integer.MAX_VALUE) {
            throw new InputException("max_num_masks " + maxNumMasks + " is too much for " + vocabSize
                    + " tokens: lower it");
        }
    }

    /** Words of 32 tokens in one mask. */
    public int wordsPerMask() {
        return (vocabSize + 31) / 32;
    }
}
