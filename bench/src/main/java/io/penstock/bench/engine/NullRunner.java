package io.penstock.bench.engine;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;

/** A model that takes no time: each row's token was chosen beforehand. */
public final class NullRunner implements ModelRunner {
    private final ModelLimits limits;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
    private int numLaunched;
    private int numAwaited;

    /** A runner whose tokens are below {@code vocabSize}. */
    public NullRunner(ModelLimits limits, int vocabSize) {
        this.limits = limits;
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
            results[i].reset(limits.maxNumLogits());
            for (int row = 0; row < limits.maxNumLogits(); row++) {
                results[i].setToken(row, (row * 31 + i) % vocabSize);
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
        results[numLaunched++ % results.length].reset(batch.numLogits());
    }

    @Override
    public StepResult await() {
        return results[numAwaited++ % results.length];
    }

    @Override
    public void close() {}
}
