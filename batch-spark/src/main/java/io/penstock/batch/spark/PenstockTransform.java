package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Answers the rows of a data frame: adds the columns {@code text}, {@code finish_reason}, {@code usage} (a struct of
 * {@code prompt_tokens} and {@code completion_tokens}) and {@code error}, which is null where all is well. A row has
 * the same answer in every run and wherever it is computed, but rows of a partition come out in the order in which they
 * are done. Immutable; {@code penstock-spark --help} lists the options.
 *
 * <pre>{@code
 * Dataset<Row> answers = new PenstockTransform()
 *         .option("model", "LiquidAI/LFM2.5-8B-A1B").option("prompt", "question").option("max_tokens", "200")
 *         .withResources(GpuProfile.of(16, "/opt/penstock/bin/penstock-gpus"))
 *         .transform(questions);
 * }</pre>
 */
public final class PenstockTransform {
    private final Map<String, String> options;
    private final ResourceProfile resources;

    public PenstockTransform() {
        this(Map.of(), null);
    }

    private PenstockTransform(Map<String, String> options, ResourceProfile resources) {
        this.options = options;
        this.resources = resources;
    }

    /** This with another option. */
    public PenstockTransform option(String name, String value) {
        return options(Map.of(name, value));
    }

    /** This with more options. */
    public PenstockTransform options(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(options);
        all.putAll(more);
        return new PenstockTransform(all, resources);
    }

    /** This on executors of such a profile, whatever the others have: see {@link GpuProfile}. */
    public PenstockTransform withResources(ResourceProfile profile) {
        return new PenstockTransform(options, profile);
    }

    /** In front of the names of the columns that are added. */
    String outputPrefix() {
        return TransformSpec.of(options).outputPrefix();
    }

    /**
     * The rows with their answers, when Spark comes to compute them. Looks at options and columns at once.
     *
     * @throws InputException in one line, if an option or a column is wrong, or the cluster has no resource profiles
     */
    public Dataset<Row> transform(Dataset<Row> rows) {
        TransformSpec spec = TransformSpec.of(options);
        StructType schema = rows.schema();
        RowRecords.requireColumns(spec.request(), schema);
        StructType answered = RowOutputs.schema(spec, schema);
        var task = new PartitionTask(spec, schema);
        if (resources == null) {
            return rows.mapPartitions((MapPartitionsFunction<Row, Row>) task, Encoders.row(answered));
        }
        return rows.sparkSession().createDataFrame(withProfile(rows.javaRDD().mapPartitions(task)), answered);
    }

    /** The profile is set on an RDD of our own: the one of a data frame is the same for all that is done with it. */
    private JavaRDD<Row> withProfile(JavaRDD<Row> computed) {
        try {
            return computed.withResources(resources);
        } catch (Exception e) {
            if (!(e instanceof SparkException)) {
                throw e;
            }
            throw new InputException("this cluster gives a job no executors with GPUs of its own: set"
                    + " spark.dynamicAllocation.enabled=true, or leave the tasks per GPU out where all executors have a"
                    + " GPU (spark.executor.resource.gpu.amount, spark.task.resource.gpu.amount); Spark says: "
                    + e.getMessage(), e);
        }
    }

    /** Gives back the memory of this process's engines that no task uses: in a notebook, whose driver computes too. */
    public static void closeIdleEngines() {
        ExecutorEngines.ofThisProcess().closeIdle();
    }
}
