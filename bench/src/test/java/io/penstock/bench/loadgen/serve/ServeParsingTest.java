package io.penstock.bench.loadgen.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.runtime.InputException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServeParsingTest {
    @Test
    void countersAreTheDifferenceOverAllLabels() {
        String before = """
                # HELP vllm:prefix_cache_queries_total tokens
                vllm:prefix_cache_queries_total{engine="0",model_name="a b"} 100.0
                vllm:prefix_cache_queries_total{engine="1",model_name="a"} 50.0
                vllm:prefix_cache_hits_total{engine="0"} 10
                vllm:num_preemptions_total 3
                broken{ line
                """;
        String after = before.replace("100.0", "300.0 1700000000000").replace("} 10\n", "} 60\n");
        Map<String, Double> counted = ServerCounters.parse(after).since(ServerCounters.parse(before));
        assertEquals(200, counted.get("server_prefix_cache_queries"));
        assertEquals(50, counted.get("server_prefix_cache_hits"));
        assertEquals(0.25, counted.get("server_prefix_cache_hit_rate"));
        assertEquals(0, counted.get("server_num_preemptions"));
        assertFalse(ServerCounters.parse("up 1").since(ServerCounters.parse("up 1"))
                .containsKey("server_prefix_cache_hits"));
    }

    @Test
    void casesAreNamedByLoad() {
        double none = Double.POSITIVE_INFINITY;
        assertEquals("random-1024-256-c64", ServeCase.name("random", 1024, 256, 64, none));
        assertEquals("sharegpt-r8", ServeCase.name("sharegpt", 0, 0, LoadPlan.UNBOUNDED, 8));
        assertEquals("random-8-8-r2.5-c4", ServeCase.name("random", 8, 8, 4, 2.5));
        assertEquals("custom-all", ServeCase.name("custom", 0, 256, LoadPlan.UNBOUNDED, none));
    }

    @Test
    void backendsHaveNames() {
        assertEquals(ServeBackend.OPENAI, ServeBackend.named("vllm"));
        assertEquals(ServeBackend.VLLM_GRPC, ServeBackend.named("vllm-grpc"));
        assertThrows(InputException.class, () -> ServeBackend.named("tgi"));
    }
}
