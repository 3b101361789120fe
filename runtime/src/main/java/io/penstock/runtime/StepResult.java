package io.penstock.runtime;

/**
 * What one step sampled: a token per sampled row, with log probabilities where they were asked for. Rows are in the
 * order in which the batch lists the sequences that sample. Sized once, owned by the runner and filled in place each
 * step: read it before the step after next is launched. Threads may fill different rows at the same time.
 */
public final class StepResult {
    private final int[] tokenIds;
    private final float[] logprobs;
    private final int[] ranks;
    private final int[] numTopLogprobs;
    private final int[] topTokenIds;
    private final float[] topLogprobs;
    private int numRows;

    /** Room for {@code maxNumSeqs} rows, each with {@link SamplingParams#MAX_LOGPROBS} alternatives. */
    public StepResult(int maxNumSeqs) {
        if (maxNumSeqs < 1) {
            throw new IllegalArgumentException("maxNumSeqs " + maxNumSeqs);
        }
        int maxTop = Math.multiplyExact(maxNumSeqs, SamplingParams.MAX_LOGPROBS);
        tokenIds = new int[maxNumSeqs];
        logprobs = new float[maxNumSeqs];
        ranks = new int[maxNumSeqs];
        numTopLogprobs = new int[maxNumSeqs];
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

    /** Adds the sampled token's log probability to a row that has its token. */
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

    public int tokenId(int row) {
        return tokenIds[row];
    }

    /** Natural logarithm of the sampled token's probability before any processing; NaN when not asked for. */
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
