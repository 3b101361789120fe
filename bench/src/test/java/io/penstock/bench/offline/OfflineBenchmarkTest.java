package io.penstock.bench.offline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.machine.EnergyMeter;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.Penstock;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OfflineBenchmarkTest {
    private static final Path MODEL = Path.of(System.getProperty("basedir", ".")).resolve("../models/penstock-demo");
    private static final EnergyMeter TEN_JOULES = () -> () -> Map.of("energy_joules", 10.0);

    private static Penstock open() {
        var encoder = new RequestEncoder(ModelSource.read("demo", MODEL, false), null);
        return Penstock.open(encoder, ServingConfig.of(Preset.THROUGHPUT).withLimits(
                new AskedLimits(4, 64, 128, null, null, null, null)), _ -> { }, () -> 1);
    }

    private static List<LoadRequest> requests(int number, int inputTokens, int outputTokens) {
        return IntStream.range(0, number).mapToObj(i -> new LoadRequest(i, new Prompt.TokenIds(
                IntStream.range(0, inputTokens).map(at -> 100 + 7 * i + at).toArray()), inputTokens, outputTokens))
                .toList();
    }

    @Test
    void countsWhatWasAskedFor() {
        try (Penstock penstock = open()) {
            var benchmark = new OfflineBenchmark(penstock, TEN_JOULES, true, 1.0);
            int[] done = new int[1];
            Map<String, Double> m = benchmark.throughput(requests(6, 10, 5), number -> done[0] = number);
            assertEquals(6, done[0]);
            assertEquals(6, m.get("num_requests"));
            assertEquals(90, m.get("total_num_tokens"));
            assertEquals(30, m.get("total_output_tokens"));
            assertEquals(3, m.get("output_tokens_per_joule"));
            assertEquals(90 / m.get("elapsed_time"), m.get("tokens_per_second"), 1e-6);
            var latencies = benchmark.latency(List.of(requests(2, 5, 3), requests(2, 5, 3)), _ -> { });
            assertEquals(2, latencies.seconds().length);
            assertTrue(latencies.metrics().get("p10_latency") <= latencies.metrics().get("p99_latency"));
            assertEquals(12 / (latencies.seconds()[0] + latencies.seconds()[1]),
                    latencies.metrics().get("output_tokens_per_second"), 1e-6);
        }
    }

    @Test
    void aRequestThatCannotBeRunIsNamed() {
        try (Penstock penstock = open()) {
            var benchmark = new OfflineBenchmark(penstock, null, true, null);
            String message = assertThrows(InputException.class,
                    () -> benchmark.throughput(requests(1, 200, 5), _ -> { })).getMessage();
            assertTrue(message.startsWith("request 0 failed: "), message);
        }
    }
}
