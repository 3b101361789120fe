package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.engine.StepTimeline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** The results themselves, the last of each case. */
final class Listing {
    private static final int MOST_FIGURES = 4;

    private Listing() {}

    static Section of(Results results) {
        List<List<String>> rows = new ArrayList<>();
        results.where(result -> !result.suite().equals(StepTimeline.SUITE)).latest().stream()
                .sorted(Comparator.comparing(BenchResult::suite)).forEach(result -> rows.add(List.of(
                        result.suite(), result.caseName() + (result.model() == null ? "" : ", " + result.model()),
                        figures(result), result.context().device(),
                        History.commit(result),
                        result.context().date().toString().substring(0, 10), result.context().command())));
        return new Section("results", "All results", "The last one of each case; bench/results has every figure of"
                + " every run.", List.of(), new Table(
                List.of("suite", "case", "figures", "machine", "commit", "date", "command"), rows), List.of());
    }

    private static String figures(BenchResult result) {
        List<String> names = new ArrayList<>(result.metrics().keySet());
        names.remove(History.figure(result));
        names.addFirst(History.figure(result));
        return names.stream().limit(MOST_FIGURES).map(name -> name + " " + Figures.show(result.metrics().get(name)))
                .collect(Collectors.joining(", "));
    }
}
