package io.penstock.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BenchResultTest {
    private static final Instant DATE = Instant.parse("2026-01-31T12:00:00Z");

    static BenchResult result(String caseName) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("batch", 1);
        config.put("dtype", "float32");
        config.put("warm", true);
        config.put("numTokens", 1L << 40);
        config.put("temperature", 0.5);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("tokensPerSecond", 12.0);
        metrics.put("ratioToPeak", 0.625);
        metrics.put("tiny", 1e-300);
        metrics.put("huge", 1e300);
        return new BenchResult("cpu-decode", caseName, context("AMD \"EPYC\", 2 cores", null), "penstock-demo", config,
                metrics, new Baseline("reference, same machine", Map.of("tokensPerSecond", -3.5)));
    }

    static BenchResult bare(String caseName) {
        return new BenchResult("cpu-decode", caseName, context("GPU", "580.1"), null, Map.of(), Map.of("x", 0.0), null);
    }

    private static RunContext context(String device, String driver) {
        return new RunContext("0123456789abcdef-dirty", DATE, device, driver, "25+1", "./penstock bench\n--suite cpu");
    }

    @Test
    void aLineHasAllKeysInOrder() throws JsonProcessingException {
        for (BenchResult result : List.of(result("b1"), bare("b1"))) {
            String line = BenchResultJson.write(result);
            List<String> keys = new ArrayList<>();
            BenchResultJson.parse(line).fieldNames().forEachRemaining(keys::add);
            assertEquals(List.of("suite", "case", "commit", "date", "device", "driver", "jdk", "model", "config",
                    "metrics", "baseline", "command"), keys);
            assertEquals(1, line.lines().count());
        }
    }

    @Test
    void theFormIsFixed() {
        assertEquals("{\"suite\":\"cpu-decode\",\"case\":\"b1\",\"commit\":\"0123456789abcdef-dirty\","
                + "\"date\":\"2026-01-31T12:00:00Z\",\"device\":\"AMD \\\"EPYC\\\", 2 cores\",\"driver\":null,"
                + "\"jdk\":\"25+1\",\"model\":\"penstock-demo\",\"config\":{\"batch\":1,\"dtype\":\"float32\","
                + "\"warm\":true,\"numTokens\":1099511627776,\"temperature\":0.5},"
                + "\"metrics\":{\"tokensPerSecond\":12,\"ratioToPeak\":0.625,\"tiny\":1.0E-300,\"huge\":1.0E300},"
                + "\"baseline\":{\"source\":\"reference, same machine\",\"metrics\":{\"tokensPerSecond\":-3.5}},"
                + "\"command\":\"./penstock bench\\n--suite cpu\"}", BenchResultJson.write(result("b1")));
    }

    @Test
    void readsWhatItWrote() throws JsonProcessingException {
        for (BenchResult result : List.of(result("b1"), bare("größe"))) {
            assertEquals(result, BenchResultJson.read(BenchResultJson.parse(BenchResultJson.write(result))));
        }
    }

    @Test
    void mapsAreCopied() {
        Map<String, Double> metrics = new HashMap<>(Map.of("x", 1.0));
        BenchResult result = new BenchResult("s", "c", context("CPU", null), null, Map.of(), metrics, null);
        metrics.put("y", Double.NaN);
        assertEquals(Map.of("x", 1.0), result.metrics());
        assertThrows(UnsupportedOperationException.class, () -> result.metrics().put("z", 2.0));
    }

    @Test
    void refusesWhatTheFormCannotHold() {
        refuses("suite", () -> with("Upper", Map.of(), Map.of("x", 1.0)));
        refuses("metrics", () -> with("s", Map.of(), Map.of()));
        refuses("metrics.x", () -> with("s", Map.of(), Map.of("x", Double.NaN)));
        refuses("config.list", () -> with("s", Map.of("list", List.of()), Map.of("x", 1.0)));
        refuses("config.inf", () -> with("s", Map.of("inf", Double.POSITIVE_INFINITY), Map.of("x", 1.0)));
        refuses("commit", () -> new RunContext("HEAD", DATE, "CPU", null, "25", "run"));
        refuses("device", () -> new RunContext("unknown", DATE, "", null, "25", "run"));
        refuses("driver", () -> new RunContext("unknown", DATE, "CPU", " ", "25", "run"));
        refuses("command", () -> new RunContext("unknown", DATE, "CPU", null, "25", null));
        refuses("baseline.source", () -> new Baseline("", Map.of("x", 1.0)));
    }

    private static BenchResult with(String suite, Map<String, Object> config, Map<String, Double> metrics) {
        return new BenchResult(suite, "c", context("CPU", null), null, config, metrics, null);
    }

    private static void refuses(String key, Executable making) {
        String message = assertThrows(IllegalArgumentException.class, making).getMessage();
        assertTrue(message.startsWith(key + " is "), message);
    }
}
