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
 * @param judged what was found right or wrong
 * @param ceilings null where launches are counted, or nothing was left to measure
 * @param measured the operations that are right, at each size
 * @param problem why the device could not be asked for the rest, in a line; null if it was asked for all
 */
public record CheckReport(
        DeviceProperties device, long seed, String model, Verdicts judged, Ceilings ceilings,
        List<OperationTiming> measured, String problem) {
    /**
     * What was judged.
     *
     * @param operations one for each that was asked for
     * @param engines one for each kind of work that whole engines did
     */
    public record Verdicts(List<OperationVerdict> operations, List<EngineVerdict> engines) {
        public Verdicts {
            operations = List.copyOf(operations);
            engines = List.copyOf(engines);
        }
    }

    public CheckReport {
        measured = List.copyOf(measured);
    }

    /** One for each operation that was asked for. */
    public List<OperationVerdict> verdicts() {
        return judged.operations();
    }

    /** What whole engines gave. */
    public List<EngineVerdict> engines() {
        return judged.engines();
    }

    /** Whether every operation and engine passed and everything was measured. */
    public boolean isGreen() {
        return problem == null && verdicts().stream().allMatch(OperationVerdict::isRight)
                && engines().stream().allMatch(EngineVerdict::isRight);
    }

    /** The first failure, with its operation; of a report that is not green. */
    public String firstFailure() {
        return Stream.concat(
                        verdicts().stream().filter(verdict -> !verdict.isRight())
                                .map(verdict -> verdict.failures().getFirst()),
                        engines().stream().filter(verdict -> !verdict.isRight()).map(EngineVerdict::failure))
                .findFirst().orElse(problem);
    }
}
