package io.penstock.bench.streams;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.concurrent.locks.LockSupport;

/** A model that computes nothing and takes a given time for each step, as a device does: the host only waits. */
final class PacedRunner implements ModelRunner {
    private final ModelLimits limits;
    private final long stepNs;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
    private final long[] doneNs = new long[MAX_STEPS_IN_FLIGHT];
    private long lastDoneNs;
    private int numLaunched;
    private int numAwaited;

    /** @param stepNs 0: none at all */
    PacedRunner(ModelLimits limits, int numTokens, long stepNs) {
        this.limits = limits;
        this.stepNs = stepNs;
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
            results[i].reset(limits.maxNumLogits());
            for (int row = 0; row < limits.maxNumLogits(); row++) {
                results[i].setToken(row, (row * 31 + i) % numTokens);
            }
        }
    }

    @Override
    public ModelLimits limits() {
        return limits;
    }

    @Override
    public void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {}

    @Override
    public void launch(ForwardBatch batch) {
        int index = numLaunched++ % results.length;
        results[index].reset(batch.numLogits());
        lastDoneNs = Math.max(lastDoneNs, System.nanoTime()) + stepNs;
        doneNs[index] = lastDoneNs;
    }

    @Override
    public StepResult await() {
        int index = numAwaited++ % results.length;
        for (long left = doneNs[index] - System.nanoTime(); left > 0; left = doneNs[index] - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        return results[index];
    }

    @Override
    public void close() {}
}
