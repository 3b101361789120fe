package io.penstock.bench.simulate;

import io.penstock.bench.simulate.SimulatedRequest.Choice;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.function.LongFunction;

/**
 * A device that computes nothing: a step takes as long as it costs, begins when the one before it ends, and samples
 * the token that the workload has for the sequence and position. Checks what is asked of it.
 */
final class SimulatedRunner implements ModelRunner {
    private final ModelLimits limits;
    private final Workload workload;
    private final StepCost cost;
    private final LongFunction<Choice> sequences;
    private final StepChecks checks;
    private final ContentCheck contents;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT + 1];
    private final long[] endNs = new long[results.length];
    private final Choice[] choices;
    private long nowNs;
    private long freeNs;
    private long busyNs;
    private long lastCostNs;
    private int numLaunched;
    private int numAwaited;

    /**
     * @param sequences finds a sequence by the seed of its sampling parameters
     * @param checksContents whether every key, value and conv state is followed: slower
     */
    SimulatedRunner(ModelLimits limits, Workload workload, StepCost cost, LongFunction<Choice> sequences,
            boolean checksContents) {
        this.limits = limits;
        this.workload = workload;
        this.cost = cost;
        this.sequences = sequences;
        checks = new StepChecks(limits);
        contents = checksContents ? new ContentCheck(limits, workload) : null;
        choices = new Choice[limits.numConvSlots()];
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
        }
    }

    @Override
    public ModelLimits limits() {
        return limits;
    }

    /** The host's time, at which the next step is launched. */
    void setNow(long timeNs) {
        nowNs = timeNs;
    }

    /** When the oldest step that was not awaited is done. */
    long oldestEndNs() {
        return endNs[numAwaited % endNs.length];
    }

    long lastCostNs() {
        return lastCostNs;
    }

    /** Time in which it had something to do. */
    long busyNs() {
        return busyNs;
    }

    @Override
    public void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        Choice choice = sequences.apply(params.seed());
        checkTokens(choice, tokenIds, promptLength, numTokens);
        choices[convSlot] = choice;
        checks.started(convSlot, params.seed(), numTokens);
        if (contents != null) {
            contents.started(convSlot, choice);
            contents.sampled(convSlot, tokenIds[numTokens - 1]);
        }
    }

    private void checkTokens(Choice choice, int[] tokenIds, int promptLength, int numTokens) {
        int[] prompt = choice.request.prompt;
        if (promptLength != prompt.length || numTokens < promptLength) {
            throw new IllegalStateException("sequence " + choice.id + " starts with " + promptLength
                    + " prompt tokens of " + prompt.length + ", " + numTokens + " in all");
        }
        for (int i = 0; i < numTokens; i++) {
            int expected = i < promptLength ? prompt[i]
                    : workload.outputToken(choice.id, i - promptLength, choice.request.lengths.output());
            if (tokenIds[i] != expected) {
                throw new IllegalStateException("sequence " + choice.id + " starts with token " + tokenIds[i]
                        + " at position " + i + ", not " + expected);
            }
        }
    }

    @Override
    public void launch(ForwardBatch batch) {
        if (numLaunched - numAwaited == MAX_STEPS_IN_FLIGHT) {
            throw new IllegalStateException("a third step is launched");
        }
        checks.launched(batch);
        if (contents != null) {
            contents.launched(batch);
        }
        lastCostNs = cost.costNs(StepWork.of(batch));
        freeNs = Math.max(freeNs, nowNs) + lastCostNs;
        busyNs += lastCostNs;
        int at = numLaunched % results.length;
        endNs[at] = freeNs;
        sample(batch, results[at]);
        numLaunched++;
    }

    private void sample(ForwardBatch batch, StepResult result) {
        result.reset(batch.numLogits());
        for (int row = 0; row < batch.numLogits(); row++) {
            Choice choice = choices[batch.logitConvSlot(row)];
            int output = batch.position(batch.logitToken(row)) + 1 - choice.request.prompt.length;
            int tokenId = workload.outputToken(choice.id, output, choice.request.lengths.output());
            result.setToken(row, tokenId);
            if (contents != null) {
                contents.sampled(batch.logitConvSlot(row), tokenId);
            }
        }
    }

    @Override
    public StepResult await() {
        return results[numAwaited++ % results.length];
    }

    @Override
    public void close() {}
}
