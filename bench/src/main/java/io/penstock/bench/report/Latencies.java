package io.penstock.bench.report;

import io.penstock.bench.report.XyPlot.Point;
import io.penstock.bench.report.XyPlot.Series;
import io.penstock.bench.results.BenchResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times that clients saw, at each percentile that was recorded. */
final class Latencies {
    private static final Pattern METRIC = Pattern.compile("(median|p[0-9.]+)_(ttft|tpot|itl|e2el)_ms");
    private static final Map<String, String> KINDS = kinds();

    private Latencies() {}

    private static Map<String, String> kinds() {
        Map<String, String> kinds = new LinkedHashMap<>();
        kinds.put("ttft", "Time to the first token");
        kinds.put("tpot", "Time per output token");
        kinds.put("itl", "Time between tokens");
        kinds.put("e2el", "Time of a request");
        return kinds;
    }

    static Section of(Results results) {
        List<Plot> plots = new ArrayList<>();
        // Fleets are compared with each other in docs/scaling.md, not with one device.
        List<BenchResult> latest =
                results.ofEngines().where(result -> !result.suite().equals("simulate-fleet")).latest();
        KINDS.forEach((kind, title) -> {
            List<Series> series = new ArrayList<>();
            List<String> percentiles = percentiles(latest, kind);
            for (BenchResult result : latest) {
                List<Point> points = points(result, kind, percentiles);
                if (!points.isEmpty()) {
                    series.add(new Series(label(result), true, false, points));
                }
            }
            if (!series.isEmpty()) {
                Axis y = Axis.around("ms", true,
                        series.stream().flatMap(each -> each.points().stream()).mapToDouble(Point::y));
                plots.add(new XyPlot(title + " (" + kind.toUpperCase(Locale.ROOT) + ")",
                        title + " in milliseconds by percentile, a line a measurement.",
                        Axis.named("percentile", percentiles), y, series));
            }
        });
        List<String> missing = plots.isEmpty()
                ? List.of("No latencies are committed: `./penstock bench serve --save-result bench/results` adds them.")
                : List.of();
        return new Section("latency", "Latency", "What clients waited, by percentile. Simulated ones are of the"
                + " schedule alone.", plots, null, missing);
    }

    /** In rising order, over all results. */
    private static List<String> percentiles(List<BenchResult> results, String kind) {
        return results.stream().flatMap(result -> result.metrics().keySet().stream()).map(METRIC::matcher)
                .filter(found -> found.matches() && found.group(2).equals(kind))
                .map(found -> percentile(found)).distinct().sorted().map(percent -> "p" + Figures.show(percent))
                .toList();
    }

    private static double percentile(Matcher found) {
        return found.group(1).equals("median") ? 50 : Double.parseDouble(found.group(1).substring(1));
    }

    private static List<Point> points(BenchResult result, String kind, List<String> percentiles) {
        Map<Integer, Point> points = new TreeMap<>();
        result.metrics().forEach((name, value) -> {
            Matcher found = METRIC.matcher(name);
            if (found.matches() && found.group(2).equals(kind) && value > 0) {
                int at = percentiles.indexOf("p" + Figures.show(percentile(found)));
                points.put(at, new Point(at, value, ""));
            }
        });
        return List.copyOf(points.values());
    }

    private static String label(BenchResult result) {
        return (result.suite().equals("simulate") ? "simulated " : "") + result.caseName() + ", "
                + result.context().device();
    }
}
