package io.penstock.cli;

import io.penstock.bench.jmh.HostPaths;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "jmh",
        description = "Times what the host does for each token, event and request under JMH, one operation at a time:"
                + " tokens to text and back, events, gRPC messages, sampling on the CPU, a request's admission."
                + " Takes about two minutes.",
        footer = {
            "%nExamples:",
            "  penstock bench jmh",
            "  penstock bench jmh 'Text|event' --iterations 10",
            "%nDecode steps of the engine are timed by 'bench engine', the emulator by 'bench emulator'.",
        })
final class BenchJmhCommand implements Callable<Integer> {
    private static final int MAX_ITERATIONS = 1000;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "PATTERN", defaultValue = "",
            description = "Only what holds this regular expression, such as Text or Message.event. Default: all.")
    private String pattern;

    @Option(names = "--iterations", paramLabel = "N", defaultValue = "8",
            description = "Measurements of half a second, after as many that warm up. Default: 8.")
    private int numIterations;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends one JSON line an operation to DIR/" + HostPaths.SUITE + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        if (numIterations < 1 || numIterations > MAX_ITERATIONS) {
            throw new ParameterException(spec.commandLine(),
                    "--iterations must be between 1 and " + MAX_ITERATIONS + ", not " + numIterations);
        }
        BenchEngineCommand.requireJmh();
        RunContext context =
                RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), CommandLines.of(spec));
        System.out.println(String.format(Locale.ROOT, "%-48s %12s %10s %8s", "operation", "ns", "+- ns", "bytes"));
        for (BenchResult result : HostPaths.run(pattern, numIterations, Installation.demoModel(), context)) {
            Map<String, Double> m = result.metrics();
            System.out.println(String.format(Locale.ROOT, "%-48s %12.1f %10.1f %8.0f", result.caseName(),
                    m.get("nanosPerOperation"), m.get("errorNanos"),
                    m.getOrDefault("allocatedBytesPerOperation", 0.0)));
            if (results != null) {
                ResultLog.of(results, HostPaths.SUITE).append(result);
            }
        }
        return 0;
    }
}
