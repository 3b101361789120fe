package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import java.util.ArrayList;
import java.util.List;

/** What the host does for each token, request and step, as JMH timed it; and answers scored, right beside speed. */
final class HostPaths {
    private HostPaths() {}

    static Section of(Results results) {
        List<List<String>> rows = new ArrayList<>();
        for (BenchResult result : results.of("jmh").latest()) {
            Double bytes = Results.metric(result, "allocatedBytesPerOperation");
            rows.add(List.of(result.caseName(), Figures.show(result.metrics().get("nanosPerOperation")),
                    Figures.show(result.metrics().get("errorNanos")), bytes == null ? "" : Figures.show(bytes),
                    result.context().device(), History.commit(result)));
        }
        return new Section("host", "Host paths", "One operation each: a decode row planned, a token made text, an"
                + " event written. Mean of the forks' iterations with the half width of its 99.9 % interval.",
                List.of(), new Table(List.of("operation", "ns", "± ns", "bytes allocated", "machine", "commit"), rows),
                rows.isEmpty() ? List.of("Not measured: `./penstock bench jmh --save-result bench/results`.")
                        : List.of());
    }

    static Section accuracy(Results results) {
        List<BarPlot.Row> rows = new ArrayList<>();
        for (BenchResult result : results.of("accuracy").latest()) {
            rows.add(new BarPlot.Row(result.model() + " " + result.config().get("dtype") + " "
                    + result.config().get("device") + ", " + result.caseName(),
                    List.of(100 * result.metrics().get("score"))));
        }
        List<Plot> plots = rows.isEmpty() ? List.of() : List.of(new BarPlot("Answers that are right",
                "Per cent of right answers by category.", "%", false, 100, List.of("right"), rows));
        return new Section("accuracy", "Accuracy", "Greedy answers to the evaluation set that equal the expected ones:"
                + " a kernel that is fast and wrong shows here.", plots, null, rows.isEmpty()
                ? List.of("Not scored: `./penstock bench accuracy --save-result bench/results`.") : List.of());
    }
}
