package io.penstock.bench.report;

import io.penstock.bench.report.XyPlot.Point;
import io.penstock.bench.report.XyPlot.Series;
import io.penstock.bench.results.BenchResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Output tokens a second over requests in flight, ours and what others have published. */
final class Throughput {
    private static final String[] RATES = {"output_throughput", "outputTokensPerSecond"};
    private static final String[] IN_FLIGHT = {"max_concurrency", "maxConcurrency", "concurrency", "streams"};

    private Throughput() {}

    static Section of(Results results) {
        List<Series> series = new ArrayList<>();
        Map<String, List<Point>> ours = new LinkedHashMap<>();
        boolean isMeasuredOnGpu = false;
        for (BenchResult result : results.ofEngines().latest()) {
            Double rate = Results.metric(result, RATES);
            Double inFlight = Results.setting(result, IN_FLIGHT);
            if (rate != null && rate > 0 && inFlight != null && inFlight >= 1) {
                ours.computeIfAbsent(label(result), name -> new ArrayList<>())
                        .add(new Point(inFlight, rate, result.caseName()));
                isMeasuredOnGpu |= result.context().driver() != null;
            }
        }
        ours.forEach((name, points) -> {
            points.sort(Comparator.comparingDouble(Point::x));
            series.add(new Series(name, true, false, points));
        });
        List<String> missing = new ArrayList<>();
        if (!isMeasuredOnGpu) {
            missing.add("No measurement on a GPU is committed: what is Penstock's here is simulated on the device's"
                    + " floors, or measured on a CPU. `./penstock bench serve` against a server on a GPU adds it.");
        }
        published(series, missing);
        Axis x = Axis.around("requests in flight", true, points(series).stream().mapToDouble(Point::x));
        Axis y = Axis.around("output tokens/s", true, points(series).stream().mapToDouble(Point::y));
        var plot = new XyPlot("Throughput by concurrency",
                "Output tokens a second over requests in flight; dashed lines are published by others.", x, y, series);
        return new Section("throughput", "Throughput", "Output tokens a second over requests in flight. Simulated"
                + " points are predictions: the production scheduler under a virtual clock, steps as long as the"
                + " chip's bandwidth and arithmetic allow.", List.of(plot), null, missing);
    }

    private static void published(List<Series> series, List<String> missing) {
        Map<String, List<Point>> others = new LinkedHashMap<>();
        for (Published each : Published.all()) {
            if (each.concurrency() == 0) {
                missing.add(each.label() + ": " + Figures.show(each.outputTokensPerSecond())
                        + " output tokens/s, without the concurrency (" + each.note() + "); not on the plot.");
            } else {
                others.computeIfAbsent(each.label(), name -> new ArrayList<>()).add(
                        new Point(each.concurrency(), each.outputTokensPerSecond(), each.note()));
            }
        }
        others.forEach((name, points) -> series.add(new Series(name, true, true, points)));
    }

    private static String label(BenchResult result) {
        Object engine = result.config().getOrDefault("engine", "penstock");
        String name = engine.equals("penstock") ? "Penstock" : engine.toString();
        return name + ", " + result.context().device()
                + (result.model() == null ? "" : ", " + result.model()) + workload(result);
    }

    private static String workload(BenchResult result) {
        Double input = Results.setting(result, "input_len");
        Double output = Results.setting(result, "output_len");
        if (input != null && output != null) {
            return ", " + Figures.show(input) + " in, " + Figures.show(output) + " out";
        }
        Object named = result.config().getOrDefault("workload", result.config().get("dataset_name"));
        return named == null ? "" : ", " + named;
    }

    private static List<Point> points(List<Series> series) {
        return series.stream().flatMap(each -> each.points().stream()).toList();
    }
}
