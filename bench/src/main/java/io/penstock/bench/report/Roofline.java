package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Each operation's share of what the device allows: times on a GPU, bytes on the emulator, peaks on a CPU. */
final class Roofline {
    private Roofline() {}

    static Section of(Results results) {
        List<Plot> plots = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        Map<String, List<BarPlot.Row>> timed = new LinkedHashMap<>();
        Map<String, List<BarPlot.Row>> counted = new LinkedHashMap<>();
        Map<String, List<BarPlot.Row>> onCpu = new LinkedHashMap<>();
        for (BenchResult result : results.latest()) {
            Double us = Results.metric(result, "us", "launchUs");
            Double floorUs = Results.metric(result, "floorUs");
            Double traffic = Results.metric(result, "trafficBytes");
            Double floorBytes = Results.metric(result, "floorBytes");
            Double peak = Results.metric(result, "ratioToPeak");
            if (us != null && floorUs != null && us > 0) {
                add(timed, group(result), result.caseName(), 100 * floorUs / us);
            } else if (traffic != null && floorBytes != null && traffic > 0) {
                add(counted, group(result), result.caseName(), 100 * floorBytes / traffic);
            } else if (peak != null) {
                add(onCpu, result.context().device(), result.model() + " " + result.config().get("arithmetic") + " "
                        + result.caseName(), 100 * peak);
            }
        }
        timed.forEach((name, rows) -> plots.add(plot("Time on " + name,
                "the floor's time as a share of the operation's", rows)));
        counted.forEach((name, rows) -> plots.add(plot("Bytes moved, " + name,
                "the least bytes as a share of those that the kernels touch", rows)));
        onCpu.forEach((name, rows) -> plots.add(plot("CPU, " + name,
                "bandwidth or arithmetic as a share of the peak measured in the same run", rows)));
        if (timed.isEmpty()) {
            missing.add("No operation was timed on a GPU: `./penstock gpu-check` and `./penstock bench step --results"
                    + " bench/results/step-profile.jsonl` add the times.");
        }
        if (counted.isEmpty()) {
            missing.add("No bytes were counted: `./penstock bench step --device emulator --counters --results"
                    + " bench/results/step-profile.jsonl` counts them.");
        }
        return new Section("roofline", "Roofline", "How near each operation comes to the longer of its bytes at full"
                + " bandwidth and its arithmetic at the peak: 100 % is the floor. Above 100 % means that a launch"
                + " needs less than the formula counts, as with experts that no token chose.", plots, null, missing);
    }

    private static String group(BenchResult result) {
        StringBuilder name = new StringBuilder(String.valueOf(result.model())).append(" on ")
                .append(result.context().device());
        if (result.config().containsKey("numSeqs")) {
            name.append(Boolean.TRUE.equals(result.config().get("prefill")) ? ", prefill of " : ", batch ")
                    .append(Boolean.TRUE.equals(result.config().get("prefill")) ? result.config().get("context")
                            : result.config().get("numSeqs") + " at " + result.config().get("context"));
        }
        return name.toString();
    }

    private static void add(Map<String, List<BarPlot.Row>> groups, String group, String operation, double percent) {
        groups.computeIfAbsent(group, name -> new ArrayList<>()).add(new BarPlot.Row(operation, List.of(percent)));
    }

    private static BarPlot plot(String title, String what, List<BarPlot.Row> rows) {
        return new BarPlot(title, "Per cent of the floor for each operation: " + what + ".", "% of the floor", false,
                100, List.of("share"), rows);
    }
}
