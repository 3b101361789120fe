package io.penstock.cli;

import io.penstock.bench.Benchmark;
import io.penstock.bench.BenchmarkProgress;
import io.penstock.bench.Measurement;
import io.penstock.bench.RunSeries;
import io.penstock.bench.cpu.CpuSuite;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.model.Trace;
import io.penstock.serving.model.ModelSource;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "cpu",
        description = "Times decode and prefill of a model, or of a shape with random weights, on the CPU, each between"
                + " two measurements of the machine's memory bandwidth and fp32 peak. Takes about a minute for"
                + " lfm2-350m.",
        footer = {
            "%nExamples:",
            "  penstock bench cpu",
            "  penstock bench cpu --shape lfm2-1.2b --save-result bench/results",
            "  penstock bench cpu --model models/penstock-demo --batch 1,8,64 --dtype bfloat16",
        })
final class BenchCpuCommand implements Callable<Integer> {
    private static final int MAX_PROMPT = 8192;
    private static final int MAX_BATCH = 1024;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            defaultValue = "lfm2-350m",
            description = "Shape of the model. Default: lfm2-350m.")
    private String shape;

    @Option(
            names = "--model",
            paramLabel = "DIR|ORG/NAME",
            description = "A checkpoint to read instead of a shape with random weights.")
    private String model;

    @Option(
            names = "--batch",
            paramLabel = "N,...",
            split = ",",
            defaultValue = "1",
            description = "Sequences that decode together, a case each. Default: 1.")
    private int[] batches;

    @Option(
            names = "--prompt-length",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of the prefill. Default: 512.")
    private int promptLength;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "FLOAT32",
            description = "float32 or bfloat16. Default: float32.")
    private Arithmetic arithmetic;

    @Option(names = "--threads", paramLabel = "N", description = "CPU threads. Default: all cores.")
    private Integer numThreads;

    @Option(
            names = "--save-result",
            paramLabel = "DIR",
            description = "Appends one JSON line a case to DIR/" + CpuSuite.NAME + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        int cores = Runtime.getRuntime().availableProcessors();
        int threads = numThreads == null ? cores : numThreads;
        if (threads < 1 || threads > cores) {
            throw new ParameterException(spec.commandLine(),
                    "--threads must be between 1 and " + cores + ", not " + threads);
        }
        if (promptLength < 1 || promptLength > MAX_PROMPT) {
            throw new ParameterException(spec.commandLine(),
                    "--prompt-length must be between 1 and " + MAX_PROMPT + ", not " + promptLength);
        }
        if (IntStream.of(batches).anyMatch(n -> n < 1 || n > MAX_BATCH)) {
            throw new ParameterException(spec.commandLine(), "--batch must be between 1 and " + MAX_BATCH + " each");
        }
        for (BenchResult result : measure(threads)) {
            System.out.println(line(result));
            if (results != null) {
                ResultLog.of(results, CpuSuite.NAME).append(result);
            }
        }
        return 0;
    }

    private List<BenchResult> measure(int threads) {
        String command = "./penstock bench cpu " + (model == null ? "--shape " + shape : "--model " + model)
                + " --batch " + IntStream.of(batches).mapToObj(Integer::toString).collect(Collectors.joining(","))
                + " --prompt-length " + promptLength + " --dtype " + arithmetic.name().toLowerCase(Locale.ROOT)
                + " --threads " + threads;
        Path directory = model == null ? null : ModelSource.directory(model);
        try (ModelTensors tensors = directory == null
                ? new DummyCheckpoint(ModelShapes.named(shape), 1) : Checkpoint.open(directory)) {
            return CpuSuite.run(directory == null ? shape : directory.getFileName().toString(), tensors,
                    new CpuSuite.Cases(promptLength, batches),
                    new CpuModel.Options(arithmetic, CpuKernels.select(), threads, Trace.NONE),
                    RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), command), new Progress());
        }
    }

    private static String line(BenchResult result) {
        Map<String, Double> m = result.metrics();
        return String.format(Locale.ROOT,
                "%s %s: %.1f tokens/s, %.1f a processor second, %.0f %% of the measured peak (drift %.0f %%, variation"
                        + " %.0f %%)", result.model(), result.caseName(), m.get("tokensPerSecond"),
                m.get("tokensPerCpuSecond"), 100 * m.get("ratioToPeak"),
                100 * m.get("peakDrift"), 100 * m.get("coefficientOfVariation"));
    }

    /** A line on standard error for each phase, where a person looks. */
    private static final class Progress implements BenchmarkProgress {
        private final boolean isShown = System.console() != null && System.console().isTerminal();

        @Override
        public void warmingUp(Benchmark benchmark) {
            if (isShown) {
                System.err.println("warming up " + benchmark.name());
            }
        }

        @Override
        public void ran(Benchmark benchmark, int numRuns, Measurement measurement) {
            if (isShown) {
                System.err.print("\r" + benchmark.name() + ": run " + numRuns + " ");
            }
        }

        @Override
        public void finished(Benchmark benchmark, RunSeries series) {
            if (isShown) {
                System.err.println();
            }
        }
    }
}
