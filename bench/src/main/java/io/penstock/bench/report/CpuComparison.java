package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Penstock's CPU backend beside other engines on the same machine and checkpoint. */
final class CpuComparison {
    private static final String PENSTOCK = "penstock";

    private CpuComparison() {}

    static Section of(Results results) {
        List<BenchResult> latest = results.where(result ->
                result.suite().equals("peers-cpu") || result.suite().equals("cpu-steps")).latest();
        Map<String, Map<String, Map<String, Double>>> groups = new TreeMap<>();
        Set<String> engines = new LinkedHashSet<>(List.of(PENSTOCK));
        for (BenchResult result : latest) {
            String engine = result.config().get("engine") instanceof String name ? name : PENSTOCK;
            String dtype = String.valueOf(result.config().getOrDefault("dtype", result.config().get("arithmetic")));
            engines.add(engine);
            boolean isOneThread = Integer.valueOf(1).equals(result.config().get("threads"));
            String threads = isOneThread ? "1 thread, by processor seconds"
                    : result.config().get("threads") + " threads";
            String rate = isOneThread ? "tokensPerCpuSecond" : "tokensPerSecond";
            groups.computeIfAbsent(result.model() + ", " + threads + ", " + result.context().device(),
                            key -> new LinkedHashMap<>())
                    .computeIfAbsent(dtype + " " + result.caseName(), key -> new TreeMap<>())
                    .put(engine, result.metrics().getOrDefault(rate, Double.NaN));
        }
        List<String> series = List.copyOf(engines);
        List<Plot> plots = new ArrayList<>();
        List<List<String>> ratios = new ArrayList<>();
        groups.forEach((group, cases) -> {
            List<BarPlot.Row> rows = new ArrayList<>();
            cases.forEach((name, rates) -> {
                if (rates.size() > 1 && rates.containsKey(PENSTOCK)) {
                    rows.add(new BarPlot.Row(name,
                            series.stream().map(engine -> rates.getOrDefault(engine, Double.NaN)).toList()));
                    ratios.add(ratios(group, name, rates, series));
                }
            });
            if (!rows.isEmpty()) {
                plots.add(new BarPlot(group, "Tokens a second of each engine, by number format and batch.",
                        "tokens/s", false, 0, series, rows));
            }
        });
        List<String> heading = new ArrayList<>(List.of("model and machine", "case"));
        series.stream().skip(1).forEach(engine -> heading.add("Penstock ÷ " + engine));
        return new Section("cpu", "CPU, beside other engines", "The same checkpoint and threads on one machine; whole"
                + " forward passes of given ids, no sampling. With one thread the rate is by processor seconds, which"
                + " other load on the machine changes little.", plots, new Table(heading, ratios), plots.isEmpty()
                ? List.of("Nothing is measured beside Penstock: the scripts in bench/peers do it.") : List.of());
    }

    private static List<String> ratios(String group, String name, Map<String, Double> rates, List<String> series) {
        List<String> cells = new ArrayList<>(List.of(group, name));
        series.stream().skip(1).forEach(engine -> cells.add(rates.containsKey(engine)
                ? Figures.show(rates.get(PENSTOCK) / rates.get(engine)) + " ×" : ""));
        return cells;
    }
}
