package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The program that {@code penstock-spark} submits: files in, files with answers out. */
@Command(
        name = "penstock-spark",
        abbreviateSynopsis = true,
        sortOptions = false,
        mixinStandardHelpOptions = true,
        description = "Answers the rows of files on a Spark cluster. Every column that comes in goes out, and behind"
                + " them text, finish_reason, usage and error.",
        footer = {
            "%nExamples:",
            "  penstock-spark --model LiquidAI/LFM2.5-8B-A1B --input s3a://data/questions --output s3a://data/answers"
                    + " --column question --tasks-per-gpu 16",
            "  penstock-spark --master yarn --archives model.tar.gz#model -- --model model --input in.jsonl"
                    + " --input-format json --output out --template \"Translate: {text}\" --max-tokens 200",
            "%nIn front of a -- stand options of spark-submit. Exit code 3: some rows have an error; 2: wrong usage.",
        })
public final class PenstockSpark implements Callable<Integer> {
    private enum Mode { ERROR, OVERWRITE, APPEND }

    private static final int SOME_FAILED = 3;
    private static final double NS_PER_SECOND = 1e9;

    @Spec
    private CommandSpec spec;

    @Option(names = "--input", required = true, paramLabel = "PATH", description = "Files to read, or a directory.")
    private List<String> inputs;

    @Option(names = "--input-format", paramLabel = "FORMAT", defaultValue = "parquet",
            description = "parquet, json, csv (with a header), or another of Spark's. Default: parquet.")
    private String inputFormat;

    @Option(names = "--output", required = true, paramLabel = "PATH", description = "The directory to write.")
    private String output;

    @Option(names = "--output-format", paramLabel = "FORMAT", defaultValue = "parquet",
            description = "parquet, json, or another of Spark's. Default: parquet.")
    private String outputFormat;

    @Option(names = "--mode", paramLabel = "MODE", defaultValue = "ERROR",
            description = "What to do where the output is there: error, overwrite or append. Default: error.")
    private Mode mode;

    @Option(names = "--partitions", paramLabel = "N",
            description = "Spread the rows over so many tasks. Default: as the files are split.")
    private Integer numPartitions;

    @Option(names = "--tasks-per-gpu", paramLabel = "N",
            description = "Executors with one GPU that so many tasks share, and with so many cores; allocated"
                    + " dynamically. Default: as the cluster is set up.")
    private Integer tasksPerGpu;

    @Option(names = "--gpu-discovery-script", paramLabel = "PATH", defaultValue = "/opt/penstock/bin/penstock-gpus",
            description = "Where penstock-gpus is on every machine. Default: ${DEFAULT-VALUE}.")
    private String discoveryScript;

    private PenstockSpark() {}

    /** Parses the arguments, runs the job and ends the process with its exit code. */
    public static void main(String[] arguments) {
        int exitCode = commandLine().execute(arguments);
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    static CommandLine commandLine() {
        var line = new CommandLine(new PenstockSpark()).setCaseInsensitiveEnumValuesAllowed(true);
        for (TransformOption option : TransformOption.values()) {
            OptionSpec.Builder builder = OptionSpec.builder(names(option))
                    .paramLabel(option.optionName().toUpperCase(Locale.ROOT))
                    .type(String.class)
                    .description(option.description().replace("%", "%%"));
            line.getCommandSpec().addOption(builder.build());
        }
        line.setExecutionExceptionHandler((e, at, _) -> {
            if (!(e instanceof InputException) && !(e instanceof AnalysisException)) {
                throw e;
            }
            at.getErr().println("penstock-spark: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            return at.getCommandSpec().exitCodeOnInvalidInput();
        });
        return line;
    }

    private static String[] names(TransformOption option) {
        String name = "--" + option.optionName().replace('_', '-');
        return option == TransformOption.PROMPT ? new String[] {name, "--column"} : new String[] {name};
    }

    private PenstockTransform transform() {
        Map<String, String> options = new HashMap<>();
        for (TransformOption option : TransformOption.values()) {
            String value = spec.findOption(names(option)[0]).getValue();
            if (value != null) {
                options.put(option.optionName(), value);
            }
        }
        PenstockTransform transform = new PenstockTransform().options(options);
        return tasksPerGpu == null ? transform
                : transform.withResources(GpuProfile.of(tasksPerGpu, discoveryScript));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PenstockTransform transform = transform();
        // Wrong options are said before anything is started.
        String prefix = transform.outputPrefix();
        try (SparkSession spark = SparkSession.builder().config(settings()).appName("penstock").getOrCreate()) {
            Dataset<Row> rows = spark.read().format(inputFormat).option("header", "true")
                    .load(inputs.toArray(String[]::new));
            Dataset<Row> answers = transform.transform(
                    numPartitions == null ? rows : rows.repartition(numPartitions));
            var observed = new Observation();
            long startNs = System.nanoTime();
            observed(answers, prefix, observed)
                    .write().format(outputFormat).mode(mode.name().toLowerCase(Locale.ROOT)).save(output);
            return report(observed.getAsJava(), (System.nanoTime() - startNs) / NS_PER_SECOND);
        }
    }

    /** What spark-submit was told; Spark makes executors of another profile only where it allocates dynamically. */
    private SparkConf settings() {
        var settings = new SparkConf();
        return tasksPerGpu == null ? settings : settings.setIfMissing("spark.dynamicAllocation.enabled", "true");
    }

    private static Dataset<Row> observed(Dataset<Row> answers, String prefix, Observation observed) {
        return answers.observe(observed, functions.count("*").as("rows"),
                functions.count(prefix + "error").as("failed"),
                functions.sum(prefix + "usage.prompt_tokens").as("prompt"),
                functions.sum(prefix + "usage.completion_tokens").as("output"));
    }

    private int report(Map<String, Object> observed, double seconds) {
        long failed = number(observed, "failed");
        long outputTokens = number(observed, "output");
        spec.commandLine().getErr().printf(Locale.ROOT,
                "penstock-spark: %d rows, %d failed, %d prompt tokens, %d output tokens in %.1f s, %.0f output"
                        + " tokens/s%n", number(observed, "rows"), failed, number(observed, "prompt"), outputTokens,
                seconds, outputTokens / seconds);
        return failed == 0 ? 0 : SOME_FAILED;
    }

    private static long number(Map<String, Object> observed, String name) {
        return observed.get(name) instanceof Number number ? number.longValue() : 0;
    }
}
