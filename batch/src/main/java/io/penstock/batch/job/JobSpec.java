package io.penstock.batch.job;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSink;
import io.penstock.batch.journal.JobFiles;
import io.penstock.batch.journal.JobStore;
import io.penstock.batch.run.PipelineOptions;

/**
 * What a job is.
 *
 * @param sink makes the output of the lines; null where they are it
 * @param settings all that results depend on but the input, for the manifest
 * @param version of Penstock
 */
public record JobSpec(BatchInput input, JobFiles files, BatchSink sink, ObjectNode settings, Choices choices,
        String version) {
    /**
     * How it is run; none of this changes a result.
     *
     * @param maxAttempts how often a line may end in a failure of the engine
     */
    public record Choices(PipelineOptions.Order order, int maxAttempts, PipelineOptions.Shard shard,
            JobStore.Policy policy) {}
}
