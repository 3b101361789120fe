package io.penstock.bench.gpucheck;

import io.penstock.device.DeviceException;
import io.penstock.runtime.check.MismatchException;
import io.penstock.runtime.check.OperationCase;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.check.Trial;
import io.penstock.runtime.cpu.CpuBackend;
import java.util.ArrayList;
import java.util.List;

/** Runs the operations' cases on a target, against the CPU backend in bfloat16. */
final class Validation {
    private static final long SEED_FACTOR = 0x9E3779B97F4A7C15L;

    private final CheckTarget target;
    private final CheckOptions options;
    private final CheckProgress progress;
    private boolean isDeviceLost;

    Validation(CheckTarget target, CheckOptions options, CheckProgress progress) {
        this.target = target;
        this.options = options;
        this.progress = progress;
    }

    /** Whether the device refused something, after which nothing more can be asked of it. */
    boolean isDeviceLost() {
        return isDeviceLost;
    }

    List<OperationVerdict> run() {
        List<OperationVerdict> verdicts = new ArrayList<>();
        for (String operation : options.operations()) {
            progress.next("validating " + operation, verdicts.size(), options.operations().size());
            verdicts.add(isDeviceLost
                    ? new OperationVerdict(operation, 0, 0, List.of(operation + ": not run, the device is lost"))
                    : run(operation));
        }
        return verdicts;
    }

    private OperationVerdict run(String operation) {
        List<String> failures = new ArrayList<>();
        double worstRatio = 0;
        int numCases = 0;
        for (OperationCase each : OperationCases.of(operation)) {
            if (isDeviceLost || each.isLarge() && (options.isQuick() || !target.isTimed())) {
                continue;
            }
            numCases++;
            Trial trial = Trial.of(target.backend(), CpuBackend::new,
                    options.seed() * SEED_FACTOR + each.toString().hashCode());
            try {
                each.run(trial);
                worstRatio = Math.max(worstRatio, trial.closeness().worstRatio());
            } catch (MismatchException e) {
                failures.add(each + ": " + e.getMessage());
            } catch (DeviceException e) {
                isDeviceLost = target.isTimed();
                failures.add(each + ": the device failed: " + e.getMessage());
            }
        }
        return new OperationVerdict(operation, numCases, worstRatio, failures);
    }
}
