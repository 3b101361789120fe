package io.penstock.bench.report;

import io.penstock.bench.report.XyPlot.Point;
import io.penstock.bench.report.XyPlot.Series;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.engine.StepTimeline;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the first figure of every case went from commit to commit. */
final class History {
    private static final int SHORT = 8;

    private History() {}

    static Section of(Results results) {
        List<Plot> plots = new ArrayList<>();
        List<String> once = new ArrayList<>();
        results.where(result -> !result.suite().equals(StepTimeline.SUITE)).bySuite().forEach((suite, all) -> {
            List<String> commits = all.stream().map(History::commit).distinct().toList();
            if (commits.size() < 2) {
                once.add(suite);
            } else {
                plots.add(plot(suite, all, commits));
            }
        });
        List<String> missing = once.isEmpty() ? List.of()
                : List.of("Measured at one commit only: " + String.join(", ", once) + ".");
        return new Section("history", "History by commit", "The first figure of every case, from commit to commit in"
                + " the order of measurement. Points of different machines are different series: compare within one.",
                plots, null, missing);
    }

    /** The figure that a result is known by: throughput where there is one, else the first. */
    static String figure(BenchResult result) {
        return result.metrics().containsKey("output_throughput") ? "output_throughput"
                : result.metrics().keySet().iterator().next();
    }

    /** Short, with an asterisk where files differed from it. */
    static String commit(BenchResult result) {
        String commit = result.context().commit();
        return commit.substring(0, Math.min(SHORT, commit.length())) + (commit.endsWith("-dirty") ? "*" : "");
    }

    private static XyPlot plot(String suite, List<BenchResult> all, List<String> commits) {
        Map<String, List<Point>> cases = new LinkedHashMap<>();
        String figure = figure(all.getFirst());
        for (BenchResult result : all) {
            Double value = result.metrics().get(figure);
            if (value != null && value > 0) {
                cases.computeIfAbsent(label(result), name -> new ArrayList<>()).add(new Point(
                        commits.indexOf(commit(result)), value, result.context().date().toString().substring(0, 10)));
            }
        }
        List<Series> series = new ArrayList<>();
        cases.forEach((name, points) -> series.add(new Series(name, true, false, points)));
        Axis y = Axis.around(figure, true,
                series.stream().flatMap(each -> each.points().stream()).mapToDouble(Point::y));
        return new XyPlot(suite, figure + " of suite " + suite + " by commit.", Axis.named("commit", commits), y,
                series);
    }

    private static String label(BenchResult result) {
        Object kind = result.config().getOrDefault("arithmetic", result.config().get("dtype"));
        Object engine = result.config().get("engine");
        return result.caseName() + (engine == null ? "" : " " + engine) + (kind == null ? "" : " " + kind)
                + (result.model() == null ? "" : " " + result.model()) + ", " + result.context().device();
    }
}
