package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;

/** Computes nothing: tokens are hashes of how many there were, below {@code vocabSize}. */
final class NullRunner implements ModelRunner {
    private final ModelLimits limits;
    private final int vocabSize;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
    private long numLaunched;
    private long numAwaited;
    private long hash;

    NullRunner(ModelLimits limits, int vocabSize, long seed) {
        this.limits = limits;
        this.vocabSize = vocabSize;
        hash = seed;
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
        }
    }

    @Override
    public ModelLimits limits() {
        return limits;
    }

    @Override
    public void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        if (promptLength > numTokens || numTokens > tokenIds.length) {
            throw new IllegalStateException(promptLength + " of " + numTokens + " of " + tokenIds.length);
        }
    }

    @Override
    public void launch(ForwardBatch batch) {
        StepResult result = results[(int) (numLaunched++ % results.length)];
        result.reset(batch.numLogits());
        for (int row = 0; row < batch.numLogits(); row++) {
            hash = (hash ^ hash >>> 29) * 0xBF58476D1CE4E5B9L + 0x9E3779B97F4A7C15L;
            result.setToken(row, (int) (hash >>> 33) % vocabSize);
        }
    }

    @Override
    public StepResult await() {
        return results[(int) (numAwaited++ % results.length)];
    }

    @Override
    public void close() {}
}
