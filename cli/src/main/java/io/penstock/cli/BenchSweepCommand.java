package io.penstock.cli;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "sweep",
        abbreviateSynopsis = true,
        description = "Loads a running server with every combination of concurrency and lengths, as bench serve does,"
                + " and appends a result for each. Started again with the same --sweep-id it leaves out what is there.",
        footer = {
            "%nExample:",
            "  penstock bench sweep --concurrency 1,8,64,256 --lengths 1024:256,8192:1024 --save-result bench/results",
            "%nExit code 1 if requests failed; such a case is kept, and run again next time.",
        })
final class BenchSweepCommand implements Callable<Integer> {
    private static final String SWEEP_ID = "sweep_id";
    private static final int LEAST_PROMPTS = 8;

    @Spec
    private CommandSpec spec;

    @Mixin
    private LoadTargetOptions target;

    @Mixin
    private WorkloadArguments workload;

    @Mixin
    private LoadArguments load;

    @Mixin
    private LoadResultOptions results;

    @Option(names = "--concurrency", paramLabel = "N,…", split = ",", defaultValue = "1,4,16,64,256",
            description = "Requests at once. Default: 1,4,16,64,256.")
    private List<Integer> concurrencies;

    @Option(names = "--lengths", paramLabel = "IN:OUT,…", split = ",",
            description = "Tokens of prompt and answer of random datasets. Default: the dataset's own.")
    private List<String> lengths = List.of();

    @Option(names = "--prompts-per-place", paramLabel = "N", defaultValue = "4",
            description = "Requests of a case are that often its concurrency, but no more than --num-prompts and"
                    + " at least 8. Default: 4.")
    private int promptsPerPlace;

    @Option(names = "--sweep-id", paramLabel = "TEXT", defaultValue = "sweep",
            description = "Written into each result; cases that have it already are not run again. Default: sweep.")
    private String sweepId;

    /** One combination; lengths of 0 are the dataset's own. */
    private record Case(int concurrency, int inputLen, int outputLen) {}

    @Override
    public Integer call() throws InterruptedException {
        List<Case> cases = cases();
        if (results.lines() == null) {
            throw new InputException("a sweep keeps its results: give --save-result DIR, such as bench/results");
        }
        try (var session = LoadSession.open(spec, target, workload, load, results)) {
            Set<String> done = done(session);
            boolean isReady = false;
            int exitCode = 0;
            System.out.printf("%-28s %10s %10s %10s %10s %10s%n", "case", "output/s", "total/s", "TTFT p50", "TPOT p50",
                    "TTFT p99");
            for (Case one : cases) {
                String name = name(session, one);
                if (done.contains(name)) {
                    System.out.printf("%-28s is there%n", name);
                    continue;
                }
                if (!isReady) {
                    session.prepare();
                    isReady = true;
                }
                exitCode = Math.max(exitCode, run(session, one));
                if (exitCode == LoadSession.INTERRUPTED) {
                    break;
                }
            }
            return exitCode;
        }
    }

    private String name(LoadSession session, Case one) {
        return session.caseName(one.concurrency(), inputLen(one), one.outputLen());
    }

    private int inputLen(Case one) {
        return one.inputLen() == 0 ? 0 : one.inputLen() + workload.prefixLen();
    }

    private int run(LoadSession session, Case one) throws InterruptedException {
        int number = Math.clamp((long) one.concurrency() * promptsPerPlace, Math.min(LEAST_PROMPTS,
                workload.numPrompts()), workload.numPrompts());
        long seed = workload.seed() + name(session, one).hashCode();
        List<LoadRequest> requests = session.requests(number, seed, one.inputLen(), one.outputLen());
        LoadSession.Run run = session.run(one.concurrency(), inputLen(one), one.outputLen(), requests)
                .with(SWEEP_ID, sweepId).with("seed", seed);
        run.save();
        Map<String, Double> m = run.measured().metrics();
        System.out.printf(Locale.ROOT, "%-28s %10.1f %10.1f %10.1f %10.2f %10.1f%n", run.name(),
                m.get("output_throughput"), m.get("total_token_throughput"), figure(m, "median_ttft_ms"),
                figure(m, "median_tpot_ms"), figure(m, "p99_ttft_ms"));
        return run.exitCode();
    }

    private static double figure(Map<String, Double> metrics, String name) {
        return metrics.getOrDefault(name, Double.NaN);
    }

    /** Cases of this sweep that ran without a failure. */
    private Set<String> done(LoadSession session) {
        Set<String> names = new HashSet<>();
        for (BenchResult result : ResultLog.of(results.lines(), LoadSession.SUITE).read().results()) {
            boolean isOurs = sweepId.equals(result.config().get(SWEEP_ID)) && session.isOfServer(result);
            if (isOurs && result.metrics().getOrDefault("failed", 0.0) == 0) {
                names.add(result.caseName());
            }
        }
        return names;
    }

    private List<Case> cases() {
        workload.validate();
        List<int[]> sizes = new ArrayList<>();
        for (String pair : lengths) {
            if (!pair.matches("\\d{1,7}:\\d{1,7}") || !workload.isSized()) {
                throw new InputException(workload.isSized() ? "--lengths takes IN:OUT, such as 1024:256, not '" + pair
                        + "'" : "--lengths is for random datasets: a file has its own");
            }
            String[] numbers = pair.split(":");
            sizes.add(new int[] {Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])});
        }
        if (sizes.isEmpty()) {
            sizes.add(new int[] {workload.ownInputLen(), workload.knownOutputLen()});
        }
        List<Case> cases = new ArrayList<>();
        for (int[] size : sizes) {
            for (int concurrency : concurrencies) {
                WorkloadArguments.between("--concurrency", concurrency, 1, LoadArguments.MAX_CONCURRENCY);
                cases.add(new Case(concurrency, size[0], size[1]));
            }
        }
        return cases;
    }
}
