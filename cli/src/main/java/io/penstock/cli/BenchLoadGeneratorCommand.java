package io.penstock.cli;

import io.penstock.bench.loadgen.check.LoadGeneratorCheck;
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
import picocli.CommandLine.Spec;

@Command(
        name = "load-generator",
        description = "Measures the load generator of bench serve with a server that only replays: how many tokens a"
                + " second it follows, whether its latencies are those that the server injected, whether arrivals go"
                + " on while the server stalls.",
        footer = {
            "%nExamples:",
            "  penstock bench load-generator",
            "  penstock bench load-generator --streams 1024 --gap-micros 6000 --save-result bench/results",
        })
final class BenchLoadGeneratorCommand implements Callable<Integer> {
    private static final int MAX_STREAMS = 16_384;
    private static final int OUTPUT_TOKENS = 400;
    private static final int WAVES = 5;
    private static final int[][] DELAYS = {{1, 2_000, 20}, {10, 400, 10}, {100, 100, 4}};

    @Spec
    private CommandSpec spec;

    @Option(names = "--streams", paramLabel = "N", defaultValue = "1024",
            description = "Streams at once where tokens are counted. Default: 1024.")
    private int numStreams;

    @Option(names = "--gap-micros", paramLabel = "N", defaultValue = "7000",
            description = "Between the tokens of a stream; streams / gap is what is offered. Default: 7000.")
    private int gapMicros;

    @Option(names = "--busy",
            description = "For delays, the client's thread never sleeps: what is seen is then not how long a thread"
                    + " takes to wake up. Needs a free core beside the server's.")
    private boolean isBusy;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends a JSON line a case to DIR/" + LoadGeneratorCheck.SUITE + ".jsonl.")
    private Path results;

    @Override
    public Integer call() throws InterruptedException {
        if (numStreams < 1 || numStreams > MAX_STREAMS || gapMicros < 1) {
            throw new ParameterException(spec.commandLine(),
                    "--streams must be between 1 and " + MAX_STREAMS + ", --gap-micros at least 1");
        }
        var check = new LoadGeneratorCheck(RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), String.format(
                Locale.ROOT, "./penstock bench load-generator --streams %d --gap-micros %d%s", numStreams, gapMicros,
                isBusy ? " --busy" : "")));
        report(check.streams(numStreams, gapMicros, OUTPUT_TOKENS, WAVES));
        for (int[] delay : DELAYS) {
            report(check.delay(delay[0], 2, delay[1], delay[2], isBusy));
        }
        report(check.stall(100, 600, 2_000));
        return 0;
    }

    private void report(BenchResult result) {
        Map<String, Double> m = result.metrics();
        Map<String, Double> server = result.baseline().metrics();
        if (result.caseName().startsWith("streams")) {
            System.out.printf(Locale.ROOT, "%s: %.0f tokens/s, %.0f in the steady part; client thread %.0f %% of a"
                    + " core, %.1f us a token, %.2f ms late (p99)%n", result.caseName(), m.get("output_throughput"),
                    m.getOrDefault("steady_output_throughput", 0.0), 100 * m.get("client_loop_cpu_share"),
                    m.get("client_cpu_micros_per_token"),
                    m.get("client_loop_lag_p99_ms"));
        } else if (result.caseName().startsWith("delay")) {
            for (String name : new String[] {"p50_ttft_ms", "p99_ttft_ms", "p50_itl_ms", "p99_itl_ms"}) {
                System.out.printf(Locale.ROOT, "%s %s: %.3f, the server's own %.3f: %+.1f %%%n", result.caseName(),
                        name, m.get(name), server.get(name), 100 * (m.get(name) / server.get(name) - 1));
            }
        } else {
            System.out.printf(Locale.ROOT, "stall: %.0f of %.0f requests that were due while the server stalled were"
                    + " sent then; p99 TTFT %.0f ms, sent %.2f ms late (p99)%n", m.get("sent_during_stall"),
                    server.get("sent_during_stall"), m.get("p99_ttft_ms"), m.get("client_send_lag_p99_ms"));
        }
        if (results != null) {
            ResultLog.of(results, LoadGeneratorCheck.SUITE).append(result);
        }
    }
}
