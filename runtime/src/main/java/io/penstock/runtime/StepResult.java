package io.penstock.runtime;

/**
 * What one step sampled and scored: a token per row, with log probabilities where they were asked for. Rows are those
 * of the batch's logits, in their order; one that is neither sampled nor scored holds nothing. Sized once, owned by the
 * runner and filled in place each step: read it before the step after next is launched. Threads may fill different
 * rows at the same time.
 */
public final class StepResult {
    private final int[] tokenIds;
    private final float[] logprobs;
    private final int[] ranks;
    private final int[] numTopLogprobs;
    private final int[] topTokenIds;
    private final float[] topLogprobs;
    private int numRows;

    /** Room for {@code maxNumRows} rows, each with {@link SamplingParams#MAX_LOGPROBS} alternatives. */
    public StepResult(int maxNumRows) {
        if (maxNumRows < 1) {
            throw new IllegalArgumentException("maxNumRows " + maxNumRows);
        }
        int maxTop = Math.multiplyExact(maxNumRows, SamplingParams.MAX_LOGPROBS);
        tokenIds = new int[maxNumRows];
        logprobs = new float[maxNumRows];
        ranks = new int[maxNumRows];
        numTopLogprobs = new int[maxNumRows];
        topTokenIds = new int[maxTop];
        topLogprobs = new float[maxTop];
    }

    /** Starts a step of {@code numRows} rows; what they held before is undefined until each is set. */
    public void reset(int numRows) {
        if (numRows < 0 || numRows > tokenIds.length) {
            throw new IllegalArgumentException("numRows " + numRows + " of at most " + tokenIds.length);
        }
        this.numRows = numRows;
    }

    public int numRows() {
        return numRows;
    }

    /** Rows that fit: {@link ModelLimits#maxNumLogits}. */
    public int maxNumRows() {
        return tokenIds.length;
    }

    /** Sets a row that has no log probabilities. */
    public void setToken(int row, int tokenId) {
        tokenIds[row] = tokenId;
        logprobs[row] = Float.NaN;
        ranks[row] = 0;
        numTopLogprobs[row] = 0;
    }

    /** Adds its token's log probability to a row. */
    public void setLogprob(int row, float logprob, int rank) {
        logprobs[row] = logprob;
        ranks[row] = rank;
    }

    /** Appends the next most likely token to a row. */
    public void addTopLogprob(int row, int tokenId, float logprob) {
        int index = numTopLogprobs[row]++;
        assert index < SamplingParams.MAX_LOGPROBS : "row " + row + " is full";
        topTokenIds[row * SamplingParams.MAX_LOGPROBS + index] = tokenId;
        topLogprobs[row * SamplingParams.MAX_LOGPROBS + index] = logprob;
    }

    /** The sampled token; in a scored row the token that was given. */
    public int tokenId(int row) {
        return tokenIds[row];
    }

    /** Natural logarithm of the row's token's probability before any processing; NaN when not asked for. */
    public float logprob(int row) {
        return logprobs[row];
    }

    /** 1 for the most likely token before any processing, ties by id; 0 when not asked for. */
    public int rank(int row) {
        return ranks[row];
    }

    public int numTopLogprobs(int row) {
        return numTopLogprobs[row];
    }

    /** The {@code index}-th most likely token of a row, from 0 to {@link #numTopLogprobs} - 1. */
    public int topTokenId(int row, int index) {
        assert index < numTopLogprobs[row] : index + " of " + numTopLogprobs[row];
        return topTokenIds[row * SamplingParams.MAX_LOGPROBS + index];
    }

    public float topLogprob(int row, int index) {
        assert index < numTopLogprobs[row] : index + " of " + numTopLogprobs[row];
        return topLogprobs[row * SamplingParams.MAX_LOGPROBS + index];
    }
}
