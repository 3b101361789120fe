package io.penstock.runtime.cpu;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.sampling.Sampler;
import io.penstock.runtime.sampling.SamplingState;

/** Runs steps on the CPU. The step is computed inside {@link #launch}: there is no second device to wait for. */
public final class CpuRunner implements ModelRunner {
    private final CpuModel model;
    private final Sampler sampler;
    private final SamplingState[] states;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
    private int numLaunched;
    private int numAwaited;

    /**
     * Takes over the model and closes it at the end.
     *
     * @param numValidTokens vocabulary rows with a token; the padding rows behind them are never sampled
     */
    public CpuRunner(CpuModel model, int numValidTokens, int[] eosTokenIds) {
        this.model = model;
        ModelLimits limits = model.limits();
        int vocabSize = model.config().vocabSize();
        if (limits.masks().maxNumMasks() > 0 && limits.masks().vocabSize() != vocabSize) {
            throw new IllegalArgumentException(limits.masks() + " for a vocabulary of " + vocabSize);
        }
        sampler = new Sampler(vocabSize, Math.min(numValidTokens, vocabSize), eosTokenIds);
        states = new SamplingState[limits.numConvSlots()];
        for (int i = 0; i < states.length; i++) {
            states[i] = new SamplingState(vocabSize, limits.maxModelLen());
        }
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
        }
    }

    @Override
    public ModelLimits limits() {
        return model.limits();
    }

    @Override
    public void startSequence(
            int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        states[convSlot].start(params, tokenIds, promptLength, numTokens);
    }

    @Override
    public void launch(ForwardBatch batch) {
        if (numLaunched - numAwaited == MAX_STEPS_IN_FLIGHT) {
            throw new IllegalStateException(MAX_STEPS_IN_FLIGHT + " steps are in flight already");
        }
        resolveTokens(batch);
        float[] logits = model.forward(batch);
        StepResult result = results[numLaunched % MAX_STEPS_IN_FLIGHT];
        result.reset(batch.numLogits());
        int vocabSize = model.config().vocabSize();
        for (int row = 0; row < batch.numLogits(); row++) {
            if (batch.isSampled(row)) {
                SamplingState state = states[batch.logitConvSlot(row)];
                sampler.sample(logits, row * vocabSize, state, batch.masks(), batch.maskIndex(row), result, row);
                state.append(result.tokenId(row));
            } else if (batch.isScored(row)) {
                sampler.score(logits, row * vocabSize, batch.scoreTarget(row), batch.scoreTopLogprobs(row), result,
                        row);
            }
        }
        numLaunched++;
    }

    private void resolveTokens(ForwardBatch batch) {
        for (int s = 0; s < batch.numSeqs(); s++) {
            for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
                if (batch.tokenId(t) == ForwardBatch.LAST_SAMPLED) {
                    batch.resolveToken(t, states[batch.convSlot(s)].lastToken());
                }
            }
        }
    }

    @Override
    public StepResult await() {
        if (numAwaited == numLaunched) {
            throw new IllegalStateException("no step is in flight");
        }
        return results[numAwaited++ % MAX_STEPS_IN_FLIGHT];
    }

    @Override
    public void close() {
        model.close();
    }
}
