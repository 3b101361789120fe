package io.penstock.bench.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The one place that knows how a result is written: every key is there, in this order, null where it has no value. */
final class BenchResultJson {
    static final List<String> KEYS = List.of("suite", "case", "commit", "date", "device", "driver", "jdk", "model",
            "config", "metrics", "baseline", "command");

    private static final Set<String> BASELINE_KEYS = Set.of("source", "metrics");
    private static final double MAX_EXACT_INTEGER = 0x1p53;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private BenchResultJson() {
    }

    /** One line without its end. */
    static String write(BenchResult result) {
        RunContext context = result.context();
        ObjectNode node = JSON.createObjectNode();
        node.put("suite", result.suite());
        node.put("case", result.caseName());
        node.put("commit", context.commit());
        node.put("date", context.date().toString());
        node.put("device", context.device());
        node.put("driver", context.driver());
        node.put("jdk", context.jdk());
        node.put("model", result.model());
        result.config().forEach(node.putObject("config")::putPOJO);
        putNumbers(node.putObject("metrics"), result.metrics());
        if (result.baseline() == null) {
            node.putNull("baseline");
        } else {
            ObjectNode baseline = node.putObject("baseline");
            baseline.put("source", result.baseline().source());
            putNumbers(baseline.putObject("metrics"), result.baseline().metrics());
        }
        node.put("command", context.command());
        try {
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a result of text and numbers could not be written", e);
        }
    }

    /** Any JSON value; a line that was cut off is not one. */
    static JsonNode parse(String line) throws JsonProcessingException {
        return JSON.readTree(line);
    }

    /** Throws {@code IllegalArgumentException} with the key that is wrong. */
    static BenchResult read(JsonNode node) {
        requireKeys("the result", node, Set.copyOf(KEYS));
        RunContext context = new RunContext(text(node, "commit"), date(text(node, "date")), text(node, "device"),
                textOrNull(node, "driver"), text(node, "jdk"), text(node, "command"));
        return new BenchResult(text(node, "suite"), text(node, "case"), context, textOrNull(node, "model"),
                config(node.get("config")), numbers("metrics", node.get("metrics")), baseline(node.get("baseline")));
    }

    private static void putNumbers(ObjectNode node, Map<String, Double> numbers) {
        numbers.forEach((name, value) -> {
            if (value == Math.rint(value) && Math.abs(value) <= MAX_EXACT_INTEGER) {
                node.put(name, value.longValue());
            } else {
                node.put(name, value);
            }
        });
    }

    private static Baseline baseline(JsonNode node) {
        if (node.isNull()) {
            return null;
        }
        requireKeys("baseline", node, BASELINE_KEYS);
        return new Baseline(text(node, "source"), numbers("baseline.metrics", node.get("metrics")));
    }

    private static Map<String, Object> config(JsonNode node) {
        requireObject("config", node);
        Map<String, Object> config = new LinkedHashMap<>();
        node.forEachEntry((name, value) -> config.put(name, scalar(name, value)));
        return config;
    }

    private static Object scalar(String name, JsonNode value) {
        if (value.isTextual()) {
            return value.textValue();
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        if (value.isInt()) {
            return value.intValue();
        }
        if (value.isLong()) {
            return value.longValue();
        }
        if (value.isDouble()) {
            return value.doubleValue();
        }
        throw new IllegalArgumentException(
                "config." + name + " is " + value + ", a text, a boolean or a finite number is needed");
    }

    private static Map<String, Double> numbers(String key, JsonNode node) {
        requireObject(key, node);
        Map<String, Double> numbers = new LinkedHashMap<>();
        node.forEachEntry((name, value) -> {
            if (!value.isNumber()) {
                throw new IllegalArgumentException(key + "." + name + " is " + value + ", a finite number is needed");
            }
            numbers.put(name, value.doubleValue());
        });
        return numbers;
    }

    private static Instant date(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "date is '" + text + "', ISO 8601 such as 2026-01-31T12:00:00Z is needed");
        }
    }

    private static String text(JsonNode node, String key) {
        JsonNode value = node.get(key);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(key + " is " + value + ", a text is needed");
        }
        return value.textValue();
    }

    private static String textOrNull(JsonNode node, String key) {
        return node.get(key).isNull() ? null : text(node, key);
    }

    private static void requireObject(String what, JsonNode node) {
        if (!node.isObject()) {
            throw new IllegalArgumentException(what + " is " + node + ", an object is needed");
        }
    }

    private static void requireKeys(String what, JsonNode node, Set<String> keys) {
        requireObject(what, node);
        for (String key : keys) {
            if (!node.has(key)) {
                throw new IllegalArgumentException(what + " has no '" + key + "'");
            }
        }
        node.fieldNames().forEachRemaining(key -> {
            if (!keys.contains(key)) {
                throw new IllegalArgumentException(what + " has an unknown key '" + key + "'");
            }
        });
    }
}
