package io.penstock.batch.job;

import io.penstock.batch.BatchResult;

/** How far a job is. Written by its thread, read by any: each count was true a moment ago. */
public final class JobProgress {
    private volatile long numRecords;
    private volatile long numEarlier;
    private volatile long numDone;
    private volatile long numFailed;
    private volatile long numPromptTokens;
    private volatile long numCachedTokens;
    private volatile long numOutputTokens;

    void expect(long records) {
        numRecords = records;
    }

    /** A result of an earlier run. */
    void addEarlier(BatchResult result) {
        count(result);
        numEarlier++;
    }

    /** A result of this run. */
    public void add(BatchResult result) {
        count(result);
        numPromptTokens += result.tokens().prompt();
        numCachedTokens += result.tokens().cached();
        numOutputTokens += result.tokens().output();
    }

    private void count(BatchResult result) {
        numDone++;
        numFailed += result.isFailed() ? 1 : 0;
    }

    /** Records of the input, whatever the shard; 0 where that is not known. */
    public long numRecords() {
        return numRecords;
    }

    /** Records that have a result, those of earlier runs included. */
    public long numDone() {
        return numDone;
    }

    /** Of {@link #numDone}: from earlier runs. */
    public long numEarlier() {
        return numEarlier;
    }

    /** Of {@link #numDone}: without an answer. */
    public long numFailed() {
        return numFailed;
    }

    /** In this run. */
    public long numPromptTokens() {
        return numPromptTokens;
    }

    /** Of {@link #numPromptTokens}: from the prefix cache. */
    public long numCachedTokens() {
        return numCachedTokens;
    }

    /** In this run. */
    public long numOutputTokens() {
        return numOutputTokens;
    }
}
