package io.penstock.bench.gpucheck;

import io.penstock.bench.kernels.Ceilings;
import io.penstock.device.DeviceProperties;
import java.util.List;

/**
 * What a check gave.
 *
 * @param device what was checked
 * @param seed that gives the same inputs again
 * @param model whose shapes were measured; null for small ones that are no model's
 * @param verdicts one for each operation that was asked for
 * @param ceilings null where launches are counted, or nothing was left to measure
 * @param measured the operations that are right, at each size
 */
public record CheckReport(
        DeviceProperties device, long seed, String model, List<OperationVerdict> verdicts, Ceilings ceilings,
        List<OperationTiming> measured) {
    public CheckReport {
        verdicts = List.copyOf(verdicts);
        measured = List.copyOf(measured);
    }

    /** Whether every operation passed. */
    public boolean isGreen() {
        return verdicts.stream().allMatch(OperationVerdict::isRight);
    }

    /** The first failure, with its operation. */
    public String firstFailure() {
        return verdicts.stream().filter(verdict -> !verdict.isRight())
                .map(verdict -> verdict.failures().getFirst()).findFirst().orElseThrow();
    }
}
