package io.penstock.bench.gpucheck;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a whole engine on the device gave.
 *
 * @param name of what ran through it
 * @param outcome in a line, for people
 * @param metrics by name
 * @param failure what was wrong first; null if nothing was
 */
public record EngineVerdict(String name, String outcome, Map<String, Double> metrics, String failure) {
    public EngineVerdict {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }

    /** Whether all was as it must be. */
    public boolean isRight() {
        return failure == null;
    }
}
