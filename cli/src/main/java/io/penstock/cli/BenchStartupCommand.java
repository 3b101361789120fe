package io.penstock.cli;

import io.penstock.bench.BenchmarkProgress;
import io.penstock.bench.BenchmarkRunner;
import io.penstock.bench.Repeats;
import io.penstock.bench.Statistics;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.startup.FirstOutput;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "startup",
        description = "Times a new process from its start to the first token of the bundled demo model's answer, and"
                + " one that only prints its version.",
        footer = {"%nExample:", "  penstock bench startup --save-result bench/results"})
final class BenchStartupCommand implements Callable<Integer> {
    private static final String SUITE = "startup";
    private static final Repeats REPEATS = new Repeats(7, 15, 20_000_000_000L);
    private static final double NS_PER_SECOND = 1e9;

    @Option(
            names = "--save-result",
            paramLabel = "DIR",
            description = "Appends one JSON line a case to DIR/" + SUITE + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        RunContext context = RunContext.onCpu(
                Path.of("").toAbsolutePath(), Instant.now(), "./penstock bench startup");
        BenchmarkRunner runner = new BenchmarkRunner(REPEATS, BenchmarkProgress.SILENT);
        report(context, runner, new FirstOutput("version", command("--version")), null);
        report(context, runner, new FirstOutput("first-token", command("generate", "--temperature", "0", "Hello")),
                "penstock-demo");
        return 0;
    }

    private static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Penstock.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private void report(RunContext context, BenchmarkRunner runner, FirstOutput start, String model) {
        Statistics elapsed = runner.run(start).elapsedNs();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("medianSeconds", elapsed.median() / NS_PER_SECOND);
        metrics.put("minSeconds", elapsed.min() / NS_PER_SECOND);
        metrics.put("maxSeconds", elapsed.max() / NS_PER_SECOND);
        System.out.println(String.format(Locale.ROOT, "%s: %.2f s (%.2f to %.2f s, %d starts)", start.name(),
                metrics.get("medianSeconds"), metrics.get("minSeconds"), metrics.get("maxSeconds"),
                elapsed.numSamples()));
        if (results != null) {
            ResultLog.of(results, SUITE).append(
                    new BenchResult(SUITE, start.name(), context, model, Map.of(), metrics, null));
        }
    }
}
