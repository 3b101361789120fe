package io.penstock.cli;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** How long each part of a start took, for a table. */
final class StartUpPhases {
    private static final double NS = 1e-9;

    private final Map<String, Long> phasesNs = new LinkedHashMap<>();
    private long sinceNs = System.nanoTime();

    /** All since the last call was this. */
    void done(String phase) {
        long nowNs = System.nanoTime();
        phasesNs.put(phase, nowNs - sinceNs);
        sinceNs = nowNs;
    }

    void print(PrintStream out) {
        phasesNs.forEach((phase, ns) -> out.printf(Locale.ROOT, "  %-26s %8.3f s%n", phase, ns * NS));
        long total = phasesNs.values().stream().mapToLong(Long::longValue).sum();
        out.printf(Locale.ROOT, "  %-26s %8.3f s%n", "all", total * NS);
    }
}
