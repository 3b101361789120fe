package io.penstock.bench.engine;

import io.penstock.bench.simulate.StepCost;
import io.penstock.bench.simulate.StepWork;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.concurrent.locks.LockSupport;

/** A device that computes nothing and takes for each step what it costs at least, on the real clock. */
final class FloorRunner implements ModelRunner {
    /** Sleeping is no more exact than this. */
    private static final long SPIN_NS = 120_000;

    private final NullRunner tokens;
    private final StepCost cost;
    private final long[] startNs = new long[MAX_STEPS_IN_FLIGHT];
    private final long[] endNs = new long[MAX_STEPS_IN_FLIGHT];
    private final int[] numTokens = new int[MAX_STEPS_IN_FLIGHT];
    private int numLaunched;
    private int numAwaited;

    FloorRunner(ModelLimits limits, int vocabSize, StepCost cost) {
        tokens = new NullRunner(limits, vocabSize);
        this.cost = cost;
    }

    @Override
    public ModelLimits limits() {
        return tokens.limits();
    }

    @Override
    public void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {}

    @Override
    public void launch(ForwardBatch batch) {
        tokens.launch(batch);
        int before = (numLaunched + MAX_STEPS_IN_FLIGHT - 1) % MAX_STEPS_IN_FLIGHT;
        int index = numLaunched++ % MAX_STEPS_IN_FLIGHT;
        numTokens[index] = batch.numTokens();
        startNs[index] = numLaunched == 1 ? System.nanoTime() : Math.max(endNs[before], System.nanoTime());
        endNs[index] = startNs[index] + cost.costNs(StepWork.of(batch));
    }

    @Override
    public StepResult await() {
        long untilNs = endNs[numAwaited++ % MAX_STEPS_IN_FLIGHT];
        for (long left = untilNs - System.nanoTime(); left > 0; left = untilNs - System.nanoTime()) {
            if (left > SPIN_NS) {
                LockSupport.parkNanos(left - SPIN_NS);
            } else {
                Thread.onSpinWait();
            }
        }
        return tokens.await();
    }

    /** Steps launched so far; the last one has the number before it. */
    int numLaunched() {
        return numLaunched;
    }

    /** When the device began one of the last two steps. */
    long startNs(int step) {
        return startNs[step % MAX_STEPS_IN_FLIGHT];
    }

    long endNs(int step) {
        return endNs[step % MAX_STEPS_IN_FLIGHT];
    }

    int numTokens(int step) {
        return numTokens[step % MAX_STEPS_IN_FLIGHT];
    }

    @Override
    public void close() {
        tokens.close();
    }
}
