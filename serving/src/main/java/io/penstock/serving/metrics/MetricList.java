package io.penstock.serving.metrics;

import io.penstock.scheduler.Histogram;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Metrics of one scrape while they are put together, all with the labels of the one engine. */
final class MetricList {
    private static final String ENGINE = "0";

    private final Labels labels;
    private final List<MetricSnapshot> metrics = new ArrayList<>();

    MetricList(String modelName) {
        labels = Labels.of("model_name", modelName, "engine", ENGINE);
    }

    MetricSnapshots snapshots() {
        return new MetricSnapshots(metrics);
    }

    void gauge(String name, String help, double value) {
        metrics.add(GaugeSnapshot.builder().name(name).help(help).dataPoint(
                GaugeSnapshot.GaugeDataPointSnapshot.builder().labels(labels).value(value).build()).build());
    }

    /** @param name without the {@code _total} that the text adds */
    void counter(String name, String help, double value) {
        metrics.add(CounterSnapshot.builder().name(name).help(help).dataPoint(
                CounterSnapshot.CounterDataPointSnapshot.builder().labels(labels).value(value).build()).build());
    }

    /** One counter for each value of a label. */
    void counters(String name, String help, String label, String[] values, long[] counts) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        for (int i = 0; i < values.length; i++) {
            counter.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(labels.add(label, values[i])).value(counts[i]).build());
        }
        metrics.add(counter.build());
    }

    /** @param name without the {@code _info} that the text adds */
    void info(String name, String help, String... keysAndValues) {
        metrics.add(InfoSnapshot.builder().name(name).help(help).dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder()
                .labels(labels.merge(Labels.of(keysAndValues))).build()).build());
    }

    /** The sum of histograms of the same buckets. */
    void histogram(String name, String help, List<Histogram> parts) {
        if (parts.isEmpty()) {
            return;
        }
        double[] bounds = parts.getFirst().upperBounds();
        double[] withInfinity = Arrays.copyOf(bounds, bounds.length + 1);
        withInfinity[bounds.length] = Double.POSITIVE_INFINITY;
        long[] counts = new long[withInfinity.length];
        double sum = 0;
        for (Histogram part : parts) {
            for (int i = 0; i < counts.length; i++) {
                counts[i] += part.count(i);
            }
            sum += part.sum();
        }
        metrics.add(HistogramSnapshot.builder().name(name).help(help).dataPoint(
                HistogramSnapshot.HistogramDataPointSnapshot.builder().labels(labels)
                        .classicHistogramBuckets(ClassicHistogramBuckets.of(withInfinity, counts))
                        .sum(sum).build()).build());
    }
}
