package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelRunner;
import java.util.function.Consumer;

/** Runs a scheduler's steps on a runner, with the next step planned before or after the last one's tokens are known. */
final class Driver {
    static final long STEP_NS = 11_000_000;

    final Scheduler scheduler;
    private final ModelRunner runner;
    private final boolean overlaps;

    /** Sees each batch before it is launched. */
    Consumer<ForwardBatch> onPlanned = batch -> {};

    /** What happens while a step is in flight. */
    Runnable onLaunched = () -> {};

    long nowNs;
    int numSteps;
    boolean checksIntegrity = true;

    Driver(Scheduler scheduler, ModelRunner runner, boolean overlaps) {
        this.scheduler = scheduler;
        this.runner = runner;
        this.overlaps = overlaps;
    }

    /** Plans, launches and takes results; false when there was nothing to do. */
    boolean step() {
        nowNs += STEP_NS;
        Step step = scheduler.schedule(nowNs);
        boolean isLaunched = !step.isEmpty();
        if (isLaunched) {
            numSteps++;
            onPlanned.accept(step.batch());
            step.launch(runner);
            onLaunched.run();
        }
        int numLeft = isLaunched && overlaps ? 1 : 0;
        boolean isProcessed = false;
        while (scheduler.numInFlight() > numLeft) {
            scheduler.process(runner.await());
            isProcessed = true;
        }
        if (checksIntegrity) {
            scheduler.checkIntegrity();
        }
        return isLaunched || isProcessed;
    }

    /** Until nothing is left to do: everything has ended, or a front does not read. */
    void run() {
        while (step()) {
            continue;
        }
    }
}
