package io.penstock.batch.spark;

import io.penstock.serving.offline.GenerationQueue;
import io.penstock.serving.offline.Penstock;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.IntSupplier;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Answers the rows of a partition on this executor's engine: what a task runs. When the task ends, whatever the reason,
 * what it has under way ends too.
 */
final class PartitionTask implements MapPartitionsFunction<Row, Row>, FlatMapFunction<Iterator<Row>, Row> {
    private static final long serialVersionUID = 1L;

    private final TransformSpec spec;
    private final StructType schema;

    /** @param schema of the rows that come in */
    PartitionTask(TransformSpec spec, StructType schema) {
        this.spec = spec;
        this.schema = schema;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws InterruptedException {
        if (!rows.hasNext()) {
            return rows;
        }
        TaskContext task = TaskContext.get();
        EngineSource.register();
        ExecutorEngines.Lease lease = ExecutorEngines.ofThisProcess().acquire(
                new ExecutorEngines.Key(spec.engine(), spec.engine().takesGpuOfTask() ? gpu(task) : null),
                key -> key.spec().open(key.gpu(), ExecutorCores.of(task)), task::killTaskIfInterrupted);
        Penstock penstock = lease.engine().penstock();
        GenerationQueue queue = penstock.queue(lease.engine().maxInFlight());
        task.addTaskCompletionListener(_ -> {
            queue.close();
            lease.close();
        });
        var lines = new RowLines(new RowRecords(spec.request(), schema), new RowOutputs(spec), penstock.encoder(),
                spec.request().lineOptions(spec.engine().model()));
        IntSupplier window = spec.maxInFlight() != null ? spec::maxInFlight : lease.engine()::share;
        var pipeline = new Pipeline<>(rows, lines::ask, queue::submit, window, task::killTaskIfInterrupted);
        return new Answers(pipeline, lease);
    }

    /** The one GPU that Spark gave the task; null for none. */
    private static String gpu(TaskContext task) {
        Map<String, ResourceInformation> resources = task.resourcesJMap();
        ResourceInformation gpus = resources.get(GpuProfile.RESOURCE);
        return gpus == null || gpus.addresses().length == 0 ? null : gpus.addresses()[0];
    }

    /** A pipeline whose engine is given up when it fails, so that the task's next attempt gets another one. */
    private record Answers(Pipeline<Row, Row> pipeline, ExecutorEngines.Lease lease) implements Iterator<Row> {
        @Override
        public boolean hasNext() {
            try {
                return pipeline.hasNext();
            } catch (Pipeline.EngineFailure e) {
                lease.breakDown();
                throw e;
            }
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException("all rows have been answered");
            }
            return pipeline.next();
        }
    }
}
