package io.penstock.bench.results;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One measured case, one line in a results file. Maps keep their order.
 *
 * @param suite lower-case words joined by hyphens; names the file
 * @param caseName the key {@code case}
 * @param model checkpoint name; null where no model takes part
 * @param config what was chosen: strings, booleans and numbers
 * @param metrics what was measured, finite, with the unit in the name, such as {@code readBytesPerSecond}
 * @param baseline null where there is nothing to compare with
 */
public record BenchResult(
        String suite, String caseName, RunContext context, String model, Map<String, Object> config,
        Map<String, Double> metrics, Baseline baseline) {
    private static final Pattern SUITE = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

    public BenchResult {
        requireSuite(suite);
        requireText("case", caseName);
        if (context == null) {
            throw new IllegalArgumentException("context of case " + caseName + " is missing");
        }
        if (model != null) {
            requireText("model", model);
        }
        config = Collections.unmodifiableMap(new LinkedHashMap<>(config));
        config.forEach(BenchResult::requireScalar);
        metrics = finiteMetrics("metrics", metrics);
    }

    static void requireSuite(String suite) {
        requireText("suite", suite);
        if (!SUITE.matcher(suite).matches()) {
            throw new IllegalArgumentException(
                    "suite is '" + suite + "', lower-case words and digits joined by hyphens are needed");
        }
    }

    static void requireText(String key, String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(key + " is empty, a text is needed");
        }
    }

    static Map<String, Double> finiteMetrics(String key, Map<String, Double> metrics) {
        Map<String, Double> copy = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
        if (copy.isEmpty()) {
            throw new IllegalArgumentException(key + " is empty, at least one number is needed");
        }
        copy.forEach((name, value) -> {
            requireText("a name in " + key, name);
            if (value == null || !Double.isFinite(value)) {
                throw new IllegalArgumentException(key + "." + name + " is " + value + ", a finite number is needed");
            }
        });
        return copy;
    }

    private static void requireScalar(String name, Object value) {
        requireText("a name in config", name);
        boolean scalar = switch (value) {
            case String s -> true;
            case Boolean b -> true;
            case Integer i -> true;
            case Long l -> true;
            case Double d -> Double.isFinite(d);
            case null, default -> false;
        };
        if (!scalar) {
            throw new IllegalArgumentException(
                    "config." + name + " is " + value + ", a text, a boolean or a finite number is needed");
        }
    }
}
