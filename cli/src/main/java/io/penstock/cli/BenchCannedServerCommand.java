package io.penstock.cli;

import io.penstock.bench.loadgen.canned.CannedOptions;
import io.penstock.bench.loadgen.canned.CannedServer;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "canned-server",
        description = "Answers completions, plain and chat, with events rendered beforehand, at given times: what load"
                + " generators are measured with, this one or another. Runs until it is ended.",
        footer = {
            "%nExample:",
            "  penstock bench canned-server --port 8000 --ttft-ms 50 --itl-ms 10",
        })
final class BenchCannedServerCommand implements Callable<Integer> {
    @Option(names = "--port", paramLabel = "N", defaultValue = "8000", description = "On 127.0.0.1; 0 is any."
            + " Default: 8000.")
    private int port;

    @Option(names = "--ttft-ms", paramLabel = "MS", defaultValue = "10",
            description = "From a request to its first token. Default: 10.")
    private double firstMs;

    @Option(names = "--itl-ms", paramLabel = "MS", defaultValue = "10", description = "Between tokens. Default: 10.")
    private double gapMs;

    @Option(names = "--tokens-per-event", paramLabel = "N", defaultValue = "1", description = "Default: 1.")
    private int tokensPerEvent;

    @Option(names = "--output-len", paramLabel = "N", defaultValue = "128",
            description = "Tokens where a request does not say. Default: 128.")
    private int outputLen;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "1", description = "Default: 1.")
    private int numThreads;

    @Option(names = "--busy", description = "They never sleep, to write on time.")
    private boolean isBusy;

    @Option(names = "--fault", paramLabel = "NAME", defaultValue = "NONE",
            description = "unauthorized, no_model, unavailable, closes, error_event or garbage. Default: none.")
    private CannedOptions.Fault fault;

    @Option(names = "--stall-every-sec", paramLabel = "S", defaultValue = "0",
            description = "Stalls that often. Default: 0, never.")
    private int stallEverySeconds;

    @Option(names = "--stall-ms", paramLabel = "MS", defaultValue = "1000",
            description = "For that long. Default: 1000.")
    private int stallMs;

    @Override
    public Integer call() throws InterruptedException {
        WorkloadArguments.between("--port", port, 0, 65_535);
        WorkloadArguments.between("--output-len", outputLen, 1, 1 << 20);
        WorkloadArguments.between("--tokens-per-event", tokensPerEvent, 1, 1 << 20);
        WorkloadArguments.between("--threads", numThreads, 1, 256);
        WorkloadArguments.between("--ttft-ms", (long) firstMs, 0, 3_600_000);
        WorkloadArguments.between("--itl-ms", (long) gapMs, 0, 3_600_000);
        var options = new CannedOptions(outputLen, ns(firstMs), ns(gapMs), tokensPerEvent, fault);
        try (CannedServer server = CannedServer.start(options, port, numThreads, isBusy)) {
            System.out.println("canned server ready at " + server.baseUrl());
            System.out.flush();
            while (stallEverySeconds > 0) {
                TimeUnit.SECONDS.sleep(stallEverySeconds);
                server.stall(TimeUnit.MILLISECONDS.toNanos(stallMs));
                System.err.printf(Locale.ROOT, "penstock: stalls for %d ms%n", stallMs);
            }
            new CountDownLatch(1).await();
        }
        return 0;
    }

    private static long ns(double ms) {
        return Math.round(ms * 1e6);
    }
}
