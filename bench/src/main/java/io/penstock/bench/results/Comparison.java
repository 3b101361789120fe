package io.penstock.bench.results;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One metric of one case in two files of results.
 *
 * @param before the mean of its results in the first file
 * @param after of those in the second
 * @param noise of the ratio: the standard errors of both means together, as a share; 0 where each was measured once
 */
public record Comparison(String caseName, String metric, double before, double after, double noise) {
    private static final Pattern FIRST_SUITE = Pattern.compile("\"suite\"\\s*:\\s*\"([a-z0-9-]+)\"");

    /** Parts of the names of metrics of which less is better; of all others more is. */
    private static final List<String> COSTS = List.of("_ms", "latency", "elapsed", "duration", "failed", "lag",
            "seconds", "micros", "joules", "watts", "preemptions", "bytesperstep", "cpu_share", "limited");
    private static final List<String> BENEFITS = List.of("per_joule", "persecond", "per_second");

    /** After over before. */
    public double ratio() {
        return before == 0 ? after == 0 ? 1 : Double.POSITIVE_INFINITY : after / before;
    }

    /** Whether it is worse by more than this share, and by more than twice its noise. */
    public boolean isWorseBy(double share) {
        double change = ratio() - 1;
        double worse = isCost() ? change : -change;
        return worse > share && worse > 2 * noise;
    }

    /** Whether less of it is better. */
    boolean isCost() {
        String name = metric.toLowerCase(java.util.Locale.ROOT);
        return BENEFITS.stream().noneMatch(name::contains) && COSTS.stream().anyMatch(name::contains);
    }

    /**
     * Compares two files of one suite.
     *
     * @param cases that are compared; empty for all that both have; likewise {@code metrics}
     * @throws InputException if they have nothing in common, or one is no file of results
     */
    public static List<Comparison> of(Path before, Path after, List<String> cases, List<String> metrics) {
        Map<String, List<BenchResult>> old = byCase(before);
        Map<String, List<BenchResult>> fresh = byCase(after);
        List<Comparison> all = new ArrayList<>();
        for (String name : old.keySet()) {
            if (fresh.containsKey(name) && (cases.isEmpty() || cases.contains(name))) {
                compare(name, old.get(name), fresh.get(name), metrics, all);
            }
        }
        if (all.isEmpty()) {
            throw new InputException(before + " and " + after + " have no case and metric in common"
                    + (cases.isEmpty() && metrics.isEmpty() ? "" : " among those named"));
        }
        return all;
    }

    private static void compare(String name, List<BenchResult> old, List<BenchResult> fresh, List<String> wanted,
            List<Comparison> all) {
        Set<String> both = new LinkedHashSet<>(old.getFirst().metrics().keySet());
        both.retainAll(fresh.getFirst().metrics().keySet());
        for (String metric : both) {
            if (wanted.isEmpty() || wanted.contains(metric)) {
                double[] a = values(old, metric);
                double[] b = values(fresh, metric);
                double noise = Math.hypot(relativeError(a), relativeError(b));
                all.add(new Comparison(name, metric, mean(a), mean(b), noise));
            }
        }
    }

    private static double[] values(List<BenchResult> results, String metric) {
        return results.stream().filter(result -> result.metrics().containsKey(metric))
                .mapToDouble(result -> result.metrics().get(metric)).toArray();
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** The standard error of the mean over the mean. */
    private static double relativeError(double[] values) {
        double mean = mean(values);
        if (values.length < 2 || mean == 0) {
            return 0;
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / (values.length - 1) / values.length) / Math.abs(mean);
    }

    private static Map<String, List<BenchResult>> byCase(Path file) {
        Map<String, List<BenchResult>> cases = new LinkedHashMap<>();
        for (BenchResult result : ResultLog.at(file, suite(file)).read().results()) {
            cases.computeIfAbsent(result.caseName(), _ -> new ArrayList<>()).add(result);
        }
        return cases;
    }

    /** A file may have any name; its results say of which suite they are. */
    private static String suite(Path file) {
        if (!Files.exists(file)) {
            throw new InputException(file + " does not exist: give a file of bench/results");
        }
        try (var lines = Files.lines(file)) {
            String first = lines.filter(line -> !line.isBlank()).findFirst().orElse("");
            Matcher suite = FIRST_SUITE.matcher(first);
            if (suite.find()) {
                return suite.group(1);
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new InputException("cannot read results from " + file + ": " + e.getMessage(), e);
        }
        throw new InputException(file + " has no results: give a file of bench/results");
    }
}
