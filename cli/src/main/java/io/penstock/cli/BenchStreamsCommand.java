package io.penstock.cli;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.streams.StreamSuite;
import io.penstock.serving.model.ModelSource;
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
        name = "streams",
        description = "Streams tokens to many gRPC or SSE streams over loopback, with a runner that computes nothing:"
                + " what the server can write and its clients can read, on one machine together.",
        footer = {
            "%nExamples:",
            "  penstock bench streams",
            "  penstock bench streams --streams 4096 --step-micros 20000 --save-result bench/results",
        })
final class BenchStreamsCommand implements Callable<Integer> {
    private static final int MAX_STREAMS = 8_192;
    private static final int MAX_CONNECTIONS = 256;
    private static final int MAX_SECONDS = 3_600;
    private static final int MAX_STEP_MICROS = 10_000_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--protocol", paramLabel = "NAME", defaultValue = "grpc",
            description = "grpc; sse: completions by events over HTTP, a connection a stream; or both, half of the"
                    + " streams each. Default: grpc.")
    private String protocol;

    @Option(names = "--streams", paramLabel = "N", defaultValue = "1024",
            description = "Streams open at once. Default: 1024.")
    private int numStreams;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "4",
            description = "Connections that gRPC streams share. Default: 4.")
    private int numConnections;

    @Option(names = "--step-micros", paramLabel = "N", defaultValue = "5000",
            description = "How long each step takes; each gives every stream a token. Default: 5000.")
    private int stepMicros;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "8160",
            description = "Tokens of each request; a stream makes one after the other. Default: 8160.")
    private int maxTokens;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "10",
            description = "How long it is measured, after a warm-up; from 60 on also how the process's memory grows."
                    + " Default: 10.")
    private int seconds;

    @Option(names = "--io-threads", paramLabel = "N", defaultValue = "2",
            description = "Threads of the server's network. Default: 2.")
    private int ioThreads;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends a JSON line to DIR/streams-PROTOCOL.jsonl.")
    private Path results;

    @Override
    public Integer call() throws InterruptedException {
        StreamSuite.Protocol spoken = protocol();
        requireBetween("--streams", numStreams, 1, MAX_STREAMS);
        requireBetween("--connections", numConnections, 1, MAX_CONNECTIONS);
        requireBetween("--step-micros", stepMicros, 0, MAX_STEP_MICROS);
        requireBetween("--max-tokens", maxTokens, 1, StreamSuite.MOST_TOKENS);
        requireBetween("--seconds", seconds, 1, MAX_SECONDS);
        requireBetween("--io-threads", ioThreads, 1, MAX_CONNECTIONS);
        NetworkLogs.toOurs();
        RunContext context = RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), commandLine());
        ModelSource source = ModelSource.read("penstock-demo", Installation.demoModel(), false);
        BenchResult result = StreamSuite.run(source, new StreamSuite.Load(
                spoken, numStreams, numConnections, stepMicros, maxTokens, seconds, ioThreads), context);
        print(result.metrics());
        if (results != null) {
            ResultLog.of(results, spoken.suite()).append(result);
        }
        return 0;
    }

    /** What makes the run again. */
    private String commandLine() {
        String jvm = System.getenv("PENSTOCK_JAVA_OPTS");
        return (jvm == null ? "" : "PENSTOCK_JAVA_OPTS='" + jvm + "' ") + String.format(Locale.ROOT,
                "./penstock bench streams --protocol %s --streams %d --connections %d --step-micros %d --max-tokens %d"
                        + " --seconds %d --io-threads %d",
                protocol, numStreams, numConnections, stepMicros, maxTokens, seconds, ioThreads);
    }

    private StreamSuite.Protocol protocol() {
        return switch (protocol) {
            case "grpc" -> StreamSuite.Protocol.GRPC;
            case "sse" -> StreamSuite.Protocol.SSE;
            case "both" -> StreamSuite.Protocol.BOTH;
            default -> throw new ParameterException(spec.commandLine(),
                    "--protocol must be grpc, sse or both, not '" + protocol + "'");
        };
    }

    private void requireBetween(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(spec.commandLine(),
                    option + " must be between " + least + " and " + most + ", not " + value);
        }
    }

    private static void print(Map<String, Double> m) {
        System.out.printf(Locale.ROOT, "tokens/s %.0f, messages/s %.0f, tokens a message %.1f%n",
                m.get("tokensPerSecond"), m.get("messagesPerSecond"), m.get("tokensPerMessage"));
        System.out.printf(Locale.ROOT, "steps of %.0f us; taking and pushing their tokens %.0f us, %.1f %% of the"
                + " engine's time; its work on the host in all %.1f %%%n", m.get("stepMicros"),
                m.get("processMicrosPerStep"), 100 * m.get("processShareOfTime"), 100 * m.get("hostShareOfTime"));
        if (m.containsKey("liveHeapMiBEarly")) {
            printMemory("live heap", "liveHeap", m);
            printMemory("direct buffers", "direct", m);
            printMemory("resident", "resident", m);
        }
    }

    private static void printMemory(String what, String name, Map<String, Double> m) {
        System.out.printf(Locale.ROOT, "%s: %.1f MiB, later %.1f, %.3f MiB a minute%n", what,
                m.get(name + "MiBEarly"), m.get(name + "MiBLate"), m.get(name + "MiBPerMinute"));
    }
}
