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
 * @param problem why the device could not be asked for the rest, in a line; null if it was asked for all
 */
public record CheckReport(
        DeviceProperties device, long seed, String model, List<OperationVerdict> verdicts, Ceilings ceilings,
        List<OperationTiming> measured, String problem) {
    public CheckReport {
        verdicts = List.copyOf(verdicts);
        measured = List.copyOf(measured);
    }

    /** Whether every operation passed and everything was measured. */
    public boolean isGreen() {
        return problem == null && verdicts.stream().allMatch(OperationVerdict::isRight);
    }

    /** The first failure, with its operation; of a report that is not green. */
    public String firstFailure() {
        return verdicts.stream().filter(verdict -> !verdict.isRight())
                .map(verdict -> verdict.failures().getFirst()).findFirst().orElse(problem);
    }
}
