package io.penstock.bench.gpucheck;

import io.penstock.runtime.check.OperationCases;
import java.util.List;

/**
 * What is asked of a check.
 *
 * @param operations by name, each at most once
 * @param seed of all random inputs
 * @param isQuick small cases and few sizes only
 */
public record CheckOptions(List<String> operations, long seed, boolean isQuick) {
    public CheckOptions {
        operations = List.copyOf(operations);
        for (String operation : operations) {
            if (!OperationCases.operations().contains(operation)) {
                throw new IllegalArgumentException(
                        "no operation " + operation + " among " + OperationCases.operations());
            }
        }
    }
}
