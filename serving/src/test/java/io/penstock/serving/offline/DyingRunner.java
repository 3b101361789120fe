package io.penstock.serving.offline;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.concurrent.locks.LockSupport;

/** Answers each row with the same token, slowly, until its device is lost. */
public final class DyingRunner implements ModelRunner {
    private static final int TOKEN = 7;
    private static final long STEP_NS = 10_000_000;

    private final ModelLimits limits;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
    private int numLaunched;
    private int numAwaited;
    private volatile boolean isDying;
    private volatile boolean isClosed;

    public DyingRunner(ModelLimits limits) {
        this.limits = limits;
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
        }
    }

    /** The next step fails. */
    public void die() {
        isDying = true;
    }

    public boolean isClosed() {
        return isClosed;
    }

    @Override
    public ModelLimits limits() {
        return limits;
    }

    @Override
    public void startSequence(
            int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {}

    @Override
    public void launch(ForwardBatch batch) {
        LockSupport.parkNanos(STEP_NS);
        if (isDying) {
            throw new IllegalStateException("the device is lost");
        }
        StepResult result = results[numLaunched++ % MAX_STEPS_IN_FLIGHT];
        result.reset(batch.numLogits());
        for (int row = 0; row < batch.numLogits(); row++) {
            result.setToken(row, TOKEN);
        }
    }

    @Override
    public StepResult await() {
        return results[numAwaited++ % MAX_STEPS_IN_FLIGHT];
    }

    @Override
    public void close() {
        isClosed = true;
    }
}
