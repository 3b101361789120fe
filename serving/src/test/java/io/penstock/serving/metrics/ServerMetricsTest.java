package io.penstock.serving.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.grpc.DemoServer;
import io.penstock.serving.grpc.wire.AbortRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The text that Prometheus scrapes, after known traffic. */
class ServerMetricsTest {
    private static final String LABELS = "{engine=\"0\",model_name=\"penstock-demo\"}";
    private static DemoServer server;
    private static Map<String, Double> values;
    private static Map<String, String> types;

    @BeforeAll
    static void serve() throws IOException, InterruptedException {
        server = DemoServer.small();
        for (int i = 0; i < 3; i++) {
            server.stub().generate(DemoServer.exactly("m" + i, 20).setStream(true).build()).forEachRemaining(_ -> { });
        }
        Iterator<GenerateResponse> long1 = server.stub().generate(
                DemoServer.exactly("cut", 400).setStream(true).build());
        long1.next();
        server.stub().abort(AbortRequest.newBuilder().addRequestIds("cut").build());
        long1.forEachRemaining(_ -> { });
        server.awaitEmpty();
        read(text(null));
    }

    @AfterAll
    static void end() {
        server.close();
    }

    private static String text(String accept) throws IOException {
        var out = new ByteArrayOutputStream();
        String type = server.metrics.write(out, accept);
        assertTrue(type.startsWith(accept == null ? "text/plain" : accept), type);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static void read(String text) {
        values = new HashMap<>();
        types = new HashMap<>();
        for (String line : text.split("\n")) {
            if (line.startsWith("# TYPE ")) {
                String[] words = line.split(" ");
                types.put(words[2], words[3]);
            } else if (!line.startsWith("#")) {
                int space = line.lastIndexOf(' ');
                values.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            }
        }
    }

    private static double value(String name) {
        Double value = values.get(name + LABELS);
        assertTrue(value != null, () -> name + LABELS + " is not in " + values.keySet());
        return value;
    }

    @Test
    void gaugesAreBackToNothing() {
        for (String name : List.of("vllm:num_requests_running", "vllm:num_requests_waiting",
                "vllm:kv_cache_usage_perc", "penstock_conv_slots_used", "penstock_swapped_sequences")) {
            assertEquals("gauge", types.get(name), name);
            assertEquals(0, value(name), name);
        }
        assertTrue(value("penstock_snapshots_used") >= 0);
    }

    @Test
    void countersCount() {
        int numPrompt = server.core.streams().encoder().tokenizer().encode("The quick brown fox").length;
        // The first step's request has one token more of each.
        assertEquals(4 * numPrompt + 1, value("vllm:prompt_tokens_total"));
        assertEquals(4 * numPrompt + 1, value("vllm:prefix_cache_queries_total"));
        assertEquals(0, value("vllm:prefix_cache_hits_total"));
        assertTrue(value("vllm:generation_tokens_total") >= 62);
        assertEquals(0, value("vllm:num_preemptions_total"));
        assertEquals(0, value("penstock_graph_replays_total"));
        String reason = "vllm:request_success_total{engine=\"0\",finished_reason=\"%s\",model_name=\"penstock-demo\"}";
        assertEquals(3, values.get(String.format(reason, "length")));
        assertEquals(1, values.get(String.format(reason, "abort")));
        assertEquals(0, values.get(String.format(reason, "stop")));
    }

    @Test
    void histogramsHoldEachRequest() {
        for (String name : List.of("vllm:time_to_first_token_seconds", "vllm:e2e_request_latency_seconds",
                "vllm:request_queue_time_seconds", "vllm:request_prefill_time_seconds",
                "vllm:request_decode_time_seconds", "vllm:request_prompt_tokens", "vllm:request_generation_tokens")) {
            assertEquals("histogram", types.get(name), name);
            assertEquals(4, value(name + "_count"), name);
        }
        double e2e = value("vllm:e2e_request_latency_seconds_sum");
        double parts = value("vllm:request_queue_time_seconds_sum") + value("vllm:request_prefill_time_seconds_sum")
                + value("vllm:request_decode_time_seconds_sum");
        assertTrue(parts > 0 && parts <= e2e, parts + " of " + e2e);
        assertTrue(value("vllm:time_to_first_token_seconds_sum") <= e2e);
        assertTrue(value("vllm:inter_token_latency_seconds_count") >= 1);
        assertTrue(value("vllm:request_generation_tokens_sum") >= 61);
        String bucket = "vllm:request_generation_tokens_bucket{engine=\"0\",model_name=\"penstock-demo\",le=\"20.0\"}";
        assertTrue(values.get(bucket) >= 3, values.keySet()::toString);
    }

    @Test
    void stepsAreCounted() {
        double numSteps = value("vllm:iteration_tokens_total_count");
        assertTrue(numSteps >= 60, "" + numSteps);
        assertTrue(value("penstock_step_seconds_count") >= 60);
        assertTrue(value("penstock_host_seconds_sum") <= value("penstock_step_seconds_sum"));
        SchedulerStats stats = server.core.streams().stats();
        assertEquals(stats.numPrefillTokens() + stats.numDecodeTokens(), value("vllm:iteration_tokens_total_sum"));
    }

    @Test
    void memoryIsDescribed() {
        String info = values.keySet().stream().filter(name -> name.startsWith("vllm:cache_config_info")).findFirst()
                .orElseThrow();
        assertTrue(info.contains("block_size=\"64\"") && info.contains("num_gpu_blocks=\"64\""), info);
    }

    @Test
    void openMetricsOnDemand() throws IOException {
        assertTrue(text("application/openmetrics-text").endsWith("# EOF\n"));
    }
}
