package io.penstock.bench.gpucheck;

import io.penstock.bench.kernels.Ceilings;
import io.penstock.device.DeviceProperties;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a check gave.
 *
 * @param device what was checked
 * @param seed that gives the same inputs again
 * @param model whose shapes were measured; null for small ones that are no model's
 * @param verdicts one for each operation that was asked for
 * @param ceilings null where launches are counted, or nothing was left to measure
 * @param measured the operations that are right, at each size
 * @param engines what whole engines gave
 * @param problem why the device could not be asked for the rest, in a line; null if it was asked for all
 */
public record CheckReport(
        DeviceProperties device, long seed, String model, List<OperationVerdict> verdicts, Ceilings ceilings,
        List<OperationTiming> measured, List<EngineVerdict> engines, String problem) {
    public CheckReport {
        verdicts = List.copyOf(verdicts);
        measured = List.copyOf(measured);
        engines = List.copyOf(engines);
    }

    /** Whether every operation and engine passed and everything was measured. */
    public boolean isGreen() {
        return problem == null && verdicts.stream().allMatch(OperationVerdict::isRight)
                && engines.stream().allMatch(EngineVerdict::isRight);
    }

    /** The first failure, with its operation; of a report that is not green. */
    public String firstFailure() {
        return Stream.concat(
                        verdicts.stream().filter(verdict -> !verdict.isRight())
                                .map(verdict -> verdict.failures().getFirst()),
                        engines.stream().filter(verdict -> !verdict.isRight()).map(EngineVerdict::failure))
                .findFirst().orElse(problem);
    }
}
