package io.penstock.cli;

import io.penstock.bench.engine.EngineHostSuite;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "engine",
        description = "Times what the engine does on the host for each decode step, with a runner that does nothing:"
                + " the mean of the quietest 0.4 seconds and the least median of 512 steps, in microseconds, on one"
                + " core, without reading the tokens out. Takes two minutes.",
        footer = {
            "%nExamples:",
            "  penstock bench engine",
            "  penstock bench engine --seqs 256,4096 --save-result bench/results",
        })
final class BenchEngineCommand implements Callable<Integer> {
    private static final String HEADER =
            "sequences  us/step  median  ns/seq  schedule  launch  process  with reading  bytes  variation";
    private static final int MAX_SEQS = 16_384;
    private static final int MAX_ITERATIONS = 1_000;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--seqs",
            paramLabel = "N,...",
            split = ",",
            defaultValue = "256,512,1024,2048,4096,8192",
            description = "Sequences that decode. Default: 256,512,1024,2048,4096,8192.")
    private int[] numSeqs;

    @Option(
            names = "--no-overlap",
            description = "Each step waits for the last one's tokens, instead of two being in flight.")
    private boolean isSynchronous;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            defaultValue = "20",
            description = "Measurements of 0.4 seconds for each case; more find a quieter moment. Default: 20.")
    private int numIterations;

    @Option(
            names = "--save-result",
            paramLabel = "DIR",
            description = "Appends one JSON line a case to DIR/" + EngineHostSuite.NAME + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        if (Arrays.stream(numSeqs).anyMatch(n -> n < 1 || n > MAX_SEQS)) {
            throw new ParameterException(spec.commandLine(), "--seqs must be between 1 and " + MAX_SEQS + " each");
        }
        if (numIterations < 1 || numIterations > MAX_ITERATIONS) {
            throw new ParameterException(spec.commandLine(),
                    "--iterations must be between 1 and " + MAX_ITERATIONS + ", not " + numIterations);
        }
        requireJmh();
        RunContext context = RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), command());
        System.out.println(HEADER);
        for (int seqs : numSeqs) {
            BenchResult result = EngineHostSuite.run(seqs, !isSynchronous, numIterations, context);
            System.out.println(line(seqs, result.metrics()));
            if (results != null) {
                ResultLog.of(results, EngineHostSuite.NAME).append(result);
            }
        }
        return 0;
    }

    /** The bundle for GPU machines leaves JMH out. */
    static void requireJmh() {
        if (BenchEngineCommand.class.getResource("/org/openjdk/jmh/runner/Runner.class") == null) {
            throw new InputException("this bundle has no JMH, which takes the times: run it from the source tree");
        }
    }

    private String command() {
        return "./penstock bench engine --seqs "
                + Arrays.stream(numSeqs).mapToObj(Integer::toString).collect(Collectors.joining(","))
                + (isSynchronous ? " --no-overlap" : "") + " --iterations " + numIterations;
    }

    private static String line(int numSeqs, Map<String, Double> m) {
        return String.format(Locale.ROOT, "%9d %8.1f %7.1f %7.1f %9.1f %7.1f %8.1f %13.1f %6.1f %8.0f %%", numSeqs,
                m.get("microsPerStep"), m.get("medianStepMicros"), m.get("nsPerSequence"), m.get("scheduleMicros"),
                m.get("launchMicros"), m.get("processMicros"), m.get("microsPerStepWithReading"),
                m.get("allocatedBytesPerStep"), 100 * m.get("coefficientOfVariation"));
    }
}
