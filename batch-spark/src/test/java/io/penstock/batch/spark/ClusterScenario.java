package io.penstock.batch.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What tests submit to a cluster: answers rows, answers on executors of a GPU profile, kills an executor while it
 * answers others, and writes what it saw. Arguments: a model, a directory for its files, the lines to write.
 */
public final class ClusterScenario {
    static final int NUM_ROWS = 64;
    static final int NUM_PARTITIONS = 8;
    static final int MAX_TOKENS = 16;
    static final int LONG_TOKENS = 100;
    static final String PROMPT = "Name %d things that are blue.";

    private static final StructType ROWS = new StructType(new StructField[] {
        DataTypes.createStructField("id", DataTypes.LongType, false),
        DataTypes.createStructField("q", DataTypes.StringType, true),
    });
    private static final StructType CENSUS = new StructType(new StructField[] {
        DataTypes.createStructField("executor", DataTypes.StringType, false),
        DataTypes.createStructField("pid", DataTypes.LongType, false),
        DataTypes.createStructField("engines", DataTypes.LongType, false),
        DataTypes.createStructField("gpu", DataTypes.StringType, false),
    });

    private final SparkSession spark;
    private final PenstockTransform transform;
    private final String model;
    private final SeenLines seen;

    private ClusterScenario(SparkSession spark, String model, Path output) {
        this.spark = spark;
        this.model = model;
        seen = new SeenLines(output);
        transform = new PenstockTransform().options(Map.of("model", model, "device", "cpu", "threads", "1",
                "prompt", "q", "id", "id", "max_num_seqs", "8", "max_model_len", "512"));
    }

    public static void main(String[] arguments) throws Exception {
        try (SparkSession spark = SparkSession.builder().appName("scenario").getOrCreate()) {
            new ClusterScenario(spark, arguments[0], Path.of(arguments[2])).run(Path.of(arguments[1]));
        }
    }

    private void run(Path directory) throws Exception {
        var context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Dataset<Row> rows = spark.createDataFrame(context.parallelize(rows(), NUM_PARTITIONS), ROWS);
        Dataset<Row> answers = transform.option("max_tokens", Integer.toString(MAX_TOKENS)).transform(rows);
        answers.write().parquet(directory.resolve("answers.parquet").toString());
        seen.add("answer", spark.read().parquet(directory.resolve("answers.parquet").toString()));
        seen.add("census", census());
        new GpuScenario(spark, transform.option("max_tokens", Integer.toString(GpuScenario.MAX_TOKENS))
                .withResources(GpuProfile.of(GpuScenario.TASKS_PER_GPU, directory.resolve("penstock-gpus").toString())),
                seen).run(rows().subList(0, GpuScenario.NUM_ROWS), ROWS,
                Files.createDirectories(directory.resolve("meeting")));
        PenstockTransform longer = transform.option("max_tokens", Integer.toString(LONG_TOKENS))
                .option("request", "{\"ignore_eos\": true}");
        killAnExecutorOf(longer.transform(rows));
        seen.add("parquet", spark.read().parquet(directory.resolve("batch.parquet").toString()));
        GpuScenario.command(spark, model, directory, seen);
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < NUM_ROWS; i++) {
            rows.add(RowFactory.create((long) i, i == 5 ? null : PROMPT.formatted(i)));
        }
        return rows;
    }

    /** Which executors there are, how many engines each has loaded, and the GPU that its tasks have. */
    private Dataset<Row> census() {
        return spark.range(0, 16, 1, 16).toDF().mapPartitions((MapPartitionsFunction<Row, Row>) _ -> {
            TimeUnit.MILLISECONDS.sleep(100);
            return List.of(RowFactory.create(SparkEnv.get().executorId(), ProcessHandle.current().pid(),
                    ExecutorEngines.ofThisProcess().numLoaded(), GpuScenario.gpus(TaskContext.get()))).iterator();
        }, Encoders.row(CENSUS)).distinct();
    }

    private void killAnExecutorOf(Dataset<Row> answers) throws Exception {
        Row victim = census().orderBy("executor").head();
        var tasks = new Tasks(victim.getString(0));
        spark.sparkContext().addSparkListener(tasks);
        CompletableFuture<List<Row>> job = CompletableFuture.supplyAsync(answers::collectAsList);
        while (!job.isDone() && !tasks.areUnderWay()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        ProcessHandle.of(victim.getLong(1)).orElseThrow().destroyForcibly();
        seen.add("redone", spark.createDataFrame(job.get(), answers.schema()));
        seen.add("killed", Map.of("executor", victim.getString(0), "lostTasks", tasks.numLost.get()));
        seen.add("census after", census());
    }

    /** The tasks of one job, seen from one executor. */
    private static final class Tasks extends SparkListener {
        private final String executor;
        private final AtomicInteger numRunning = new AtomicInteger();
        private final AtomicInteger numDone = new AtomicInteger();
        private final AtomicInteger numLost = new AtomicInteger();

        Tasks(String executor) {
            this.executor = executor;
        }

        boolean areUnderWay() {
            return numRunning.get() > 0 && numDone.get() > 0;
        }

        @Override
        public void onTaskStart(SparkListenerTaskStart start) {
            if (start.taskInfo().executorId().equals(executor)) {
                numRunning.incrementAndGet();
            }
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            numDone.incrementAndGet();
            if (end.taskInfo().executorId().equals(executor)) {
                numRunning.decrementAndGet();
            }
            if (end.reason() instanceof ExecutorLostFailure) {
                numLost.incrementAndGet();
            }
        }
    }
}
