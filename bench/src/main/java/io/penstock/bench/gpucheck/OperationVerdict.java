package io.penstock.bench.gpucheck;

import java.util.List;

/**
 * What an operation's cases gave.
 *
 * @param operation its name
 * @param numCases that were run
 * @param worstRatio the largest error of the cases that passed, as a part of what was allowed; 0 for the same bits
 * @param failures a line for each case that did not pass, which names the case, the coordinate and both values
 */
public record OperationVerdict(String operation, int numCases, double worstRatio, List<String> failures) {
    public OperationVerdict {
        failures = List.copyOf(failures);
    }

    /** Whether every case passed. */
    public boolean isRight() {
        return failures.isEmpty();
    }
}
