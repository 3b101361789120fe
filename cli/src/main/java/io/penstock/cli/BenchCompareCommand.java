package io.penstock.cli;

import io.penstock.bench.results.Comparison;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "compare",
        description = "Compares the results of two files, case by case and metric by metric, as ratios with the noise"
                + " of what was measured more than once.",
        footer = {
            "%nExamples:",
            "  penstock bench compare before.jsonl after.jsonl",
            "  penstock bench compare before.jsonl after.jsonl --metric output_throughput --threshold 5",
            "%nWith --threshold, exit code 1 if a metric is worse by more per cent than that, and by more than its"
                    + " noise.",
        })
final class BenchCompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "BEFORE", description = "Result file, JSON lines.")
    private Path before;

    @Parameters(index = "1", paramLabel = "AFTER", description = "Another one.")
    private Path after;

    @Option(names = "--metric", paramLabel = "NAME,…", split = ",",
            description = "Metrics that are compared. Default: all that both have.")
    private List<String> metrics = List.of();

    @Option(names = "--case", paramLabel = "NAME,…", split = ",",
            description = "Cases that are compared. Default: all that both have.")
    private List<String> cases = List.of();

    @Option(names = "--threshold", paramLabel = "PERCENT",
            description = "Exit code 1 where something is worse by more than this. Default: never.")
    private Double threshold;

    @Override
    public Integer call() {
        if (threshold != null && !(threshold >= 0)) {
            throw new ParameterException(spec.commandLine(), "--threshold must be at least 0, not " + threshold);
        }
        List<Comparison> all = Comparison.of(before, after, cases, metrics);
        int numWorse = 0;
        String shown = "";
        for (Comparison one : all) {
            if (!one.caseName().equals(shown)) {
                System.out.println(one.caseName());
                shown = one.caseName();
            }
            boolean isWorse = threshold != null && one.isWorseBy(threshold / 100);
            numWorse += isWorse ? 1 : 0;
            System.out.printf(Locale.ROOT, "  %-40s %14.4f %14.4f   x %.3f ± %.3f%s%n", one.metric(), one.before(),
                    one.after(), one.ratio(), one.noise(), isWorse ? "  WORSE" : "");
        }
        if (numWorse > 0) {
            System.err.printf(Locale.ROOT, "penstock: %d of %d figures are worse by more than %s %%%n", numWorse,
                    all.size(), threshold);
        }
        return numWorse > 0 ? 1 : 0;
    }
}
