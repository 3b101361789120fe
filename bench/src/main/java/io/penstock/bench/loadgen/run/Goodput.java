package io.penstock.bench.loadgen.run;

import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.runtime.InputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a request must keep to count as good: limits in milliseconds by {@code ttft}, {@code tpot}, {@code e2el}. */
public record Goodput(Map<String, Double> limitsMs) {
    private static final List<String> NAMES = List.of("ttft", "tpot", "e2el");
    private static final double NS_PER_MS = 1e6;

    /** Nothing is demanded, and nothing reported. */
    public static final Goodput NONE = new Goodput(Map.of());

    /** Reads {@code ttft:200}, {@code tpot:50}. */
    public static Goodput parse(List<String> pairs) {
        Map<String, Double> limits = new LinkedHashMap<>();
        for (String pair : pairs) {
            String[] parts = pair.split(":", -1);
            double limit = parts.length == 2 ? number(parts[1]) : Double.NaN;
            if (parts.length != 2 || !NAMES.contains(parts[0]) || !(limit >= 0)) {
                throw new InputException("--goodput takes NAME:MILLISECONDS with ttft, tpot or e2el, not '" + pair
                        + "'");
            }
            limits.put(parts[0], limit);
        }
        return new Goodput(limits);
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    boolean isAsked() {
        return !limitsMs.isEmpty();
    }

    boolean isGood(RequestRecord record) {
        return keeps("ttft", record.ttftNs()) && keeps("tpot", Math.max(0, record.tpotNs()))
                && keeps("e2el", record.e2elNs());
    }

    private boolean keeps(String name, double valueNs) {
        Double limit = limitsMs.get(name);
        return limit == null || valueNs <= limit * NS_PER_MS;
    }
}
