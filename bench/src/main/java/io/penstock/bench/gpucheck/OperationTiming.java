package io.penstock.bench.gpucheck;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an operation was measured to do at one size.
 *
 * @param name operation, form and sizes
 * @param numTokens rows
 * @param metrics by name, with the unit in it
 */
public record OperationTiming(String operation, String name, int numTokens, Map<String, Double> metrics) {
    public OperationTiming {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }
}
