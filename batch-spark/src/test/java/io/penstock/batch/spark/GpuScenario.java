package io.penstock.batch.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The part of the scenario on executors of a GPU profile: answers rows and says of each what its task had, then lets
 * tasks open the GPUs, of which none is there.
 */
final class GpuScenario {
    static final int TASKS_PER_GPU = 3;
    static final int NUM_EXECUTORS = 2;
    static final int NUM_ROWS = 12;
    static final int MAX_TOKENS = 8;

    private static final int NUM_PARTITIONS = NUM_ROWS;
    private static final long MEETING_SECONDS = 180;
    private static final AtomicInteger NUM_RUNNING = new AtomicInteger();
    private static final AtomicInteger MOST_RUNNING = new AtomicInteger();

    private final SparkSession spark;
    private final PenstockTransform transform;
    private final SeenLines seen;

    /** @param transform for the CPU, with the profile */
    GpuScenario(SparkSession spark, PenstockTransform transform, SeenLines seen) {
        this.spark = spark;
        this.transform = transform;
        this.seen = seen;
    }

    /** @param meeting an empty directory */
    void run(List<Row> rows, StructType schema, Path meeting) throws IOException {
        var context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        String directory = meeting.toString();
        Dataset<Row> late = spark.createDataFrame(context.parallelize(rows, NUM_PARTITIONS)
                .mapPartitions(each -> allTogether(each, Path.of(directory))), schema);
        Dataset<Row> answers = transform.transform(late);
        StructType told = new StructType(Stream.concat(Stream.of(answers.schema().fields()), Stream.of(
                DataTypes.createStructField("task", task(), false))).toArray(StructField[]::new));
        seen.add("gpu answer", answers.mapPartitions(
                (MapPartitionsFunction<Row, Row>) GpuScenario::withTask, Encoders.row(told)));
        seen.add("profile of the input", Map.of("isNone", late.javaRDD().rdd().getResourceProfile() == null));
        seen.add("no gpu", Map.of("error", failure(transform.option("device", "auto")
                .transform(spark.createDataFrame(context.parallelize(rows, 1), schema)))));
    }

    /** What {@code penstock-spark} does, on the executors of the profile; it ends the session, or the process. */
    static void command(SparkSession spark, String model, Path directory, SeenLines seen) throws IOException {
        String input = directory.resolve("questions.parquet").toString();
        spark.read().parquet(directory.resolve("answers.parquet").toString())
                .where("id >= " + (ClusterScenario.NUM_ROWS - NUM_ROWS)).write().parquet(input);
        Set<Integer> profiles = ConcurrentHashMap.newKeySet();
        spark.sparkContext().addSparkListener(new SparkListener() {
            @Override
            public void onStageSubmitted(SparkListenerStageSubmitted stage) {
                profiles.add(stage.stageInfo().resourceProfileId());
            }
        });
        String script = directory.resolve("penstock-gpus").toString();
        PenstockSpark.main(new String[] {"--input", input, "--output", directory.resolve("command.parquet").toString(),
            "--output-prefix", "again_", "--model", model, "--device", "cpu", "--threads", "1", "--max-num-seqs", "8",
            "--max-model-len", "512", "--column", "q", "--id", "id", "--max-tokens", "1", "--tasks-per-gpu",
            Integer.toString(TASKS_PER_GPU), "--gpu-discovery-script", script});
        seen.add("command", Map.of("onProfile", profiles.contains(GpuProfile.of(TASKS_PER_GPU, script).id())));
    }

    private static StructType task() {
        return new StructType()
                .add("executor", DataTypes.StringType).add("pid", DataTypes.LongType)
                .add("partition", DataTypes.IntegerType).add("gpu", DataTypes.StringType)
                .add("cores", DataTypes.IntegerType).add("engines", DataTypes.LongType)
                .add("mostTasks", DataTypes.IntegerType);
    }

    /** Gives no row before as many tasks run as all executors have places: so all of them take part, in full. */
    private static Iterator<Row> allTogether(Iterator<Row> rows, Path meeting)
            throws IOException, InterruptedException {
        MOST_RUNNING.accumulateAndGet(NUM_RUNNING.incrementAndGet(), Math::max);
        TaskContext task = TaskContext.get();
        task.addTaskCompletionListener(_ -> {
            NUM_RUNNING.decrementAndGet();
        });
        Files.createFile(meeting.resolve(task.partitionId() + "-" + task.attemptNumber()));
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(MEETING_SECONDS);
        while (numFiles(meeting) < NUM_EXECUTORS * TASKS_PER_GPU) {
            if (System.nanoTime() > endNs) {
                throw new IllegalStateException("only " + numFiles(meeting) + " tasks run at once");
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return rows;
    }

    private static long numFiles(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Rows, each with what its task has. */
    private static Iterator<Row> withTask(Iterator<Row> answers) {
        List<Row> rows = new ArrayList<>();
        while (answers.hasNext()) {
            Row answer = answers.next();
            TaskContext task = TaskContext.get();
            Object[] values = new Object[answer.size() + 1];
            for (int i = 0; i < answer.size(); i++) {
                values[i] = answer.get(i);
            }
            values[answer.size()] = RowFactory.create(SparkEnv.get().executorId(), ProcessHandle.current().pid(),
                    task.partitionId(), gpus(task), ExecutorCores.of(task),
                    ExecutorEngines.ofThisProcess().numLoaded(), MOST_RUNNING.get());
            rows.add(RowFactory.create(values));
        }
        return rows.iterator();
    }

    /** The addresses that a task has. */
    static String gpus(TaskContext task) {
        return String.join(",", task.resourcesJMap().get(GpuProfile.RESOURCE).addresses());
    }

    private static String failure(Dataset<Row> rows) {
        try {
            return rows.collectAsList().size() + " rows were answered";
        } catch (Exception e) {
            return e.getMessage();
        }
    }
}
