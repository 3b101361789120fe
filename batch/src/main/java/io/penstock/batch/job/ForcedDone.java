package io.penstock.batch.job;

import io.penstock.batch.RecordKey;
import io.penstock.batch.run.KeySet;
import io.penstock.batch.run.PipelineOptions;

/** What is done where numbers mean nothing, because the input has changed or cannot be compared: custom_ids alone. */
final class ForcedDone implements PipelineOptions.Done {
    private final KeySet done;
    private final KeySet seen = new KeySet();

    ForcedDone(KeySet done) {
        this.done = done;
    }

    @Override
    public boolean contains(long number) {
        return false;
    }

    @Override
    public boolean add(RecordKey key) {
        return seen.add(key);
    }

    @Override
    public boolean containsResult(RecordKey key) {
        return done.containsKey(key);
    }
}
