package io.penstock.scheduler.engine;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * A model whose token at an output position is a hash of prompt, seed and position. It computes like a device: a step
 * is done some time after its launch, one after the other. It fails where it is told to, and checks what a runner may
 * rely on.
 */
final class FakeRunner implements ModelRunner {
    static final int VOCAB = 1_000;

    /** Where to fail. */
    enum Point { NEVER, START, LAUNCH, AWAIT }

    private final ModelLimits limits;
    private final long stepNs;
    private final long[] hashes;
    private final int[] numOutputs;
    private final int[] promptLengths;
    private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
    private final long[] doneNs = new long[MAX_STEPS_IN_FLIGHT];
    private final List<String> calls = new ArrayList<>();
    private Point failure = Point.NEVER;
    private int failAt;
    private int numStarts;
    private int numLaunched;
    private int numAwaited;
    private long lastDoneNs;
    private volatile CountDownLatch hang;
    volatile boolean isHanging;
    volatile int maxInFlight;
    volatile int numClosed;
    volatile boolean isLogging;
    volatile boolean givesWrongRows;

    FakeRunner(ModelLimits limits, long stepNs) {
        this.limits = limits;
        this.stepNs = stepNs;
        hashes = new long[limits.numConvSlots()];
        numOutputs = new int[limits.numConvSlots()];
        promptLengths = new int[limits.numConvSlots()];
        for (int i = 0; i < results.length; i++) {
            results[i] = new StepResult(limits.maxNumLogits());
        }
    }

    /** The {@code k}-th call, from 1, throws. */
    FakeRunner failing(Point point, int k) {
        failure = point;
        failAt = k;
        return this;
    }

    /** From the next await on, steps do not end until the latch is counted down. */
    CountDownLatch hang() {
        hang = new CountDownLatch(1);
        return hang;
    }

    List<String> calls() {
        return calls;
    }

    static int token(int[] promptTokenIds, long seed, int position) {
        return token(hash(promptTokenIds, promptTokenIds.length, seed), position);
    }

    private static int token(long hash, int position) {
        long mixed = (hash + position) * 0x9E3779B97F4A7C15L;
        return (int) ((mixed ^ mixed >>> 29) >>> 8 & 0xFFFFFF) % VOCAB;
    }

    private static long hash(int[] ids, int length, long seed) {
        long hash = seed;
        for (int i = 0; i < length; i++) {
            hash = hash * 31 + ids[i];
        }
        return hash * 0x9E3779B97F4A7C15L;
    }

    @Override
    public ModelLimits limits() {
        return limits;
    }

    @Override
    public void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        failIf(Point.START, ++numStarts);
        hashes[convSlot] = hash(tokenIds, promptLength, params.seed());
        promptLengths[convSlot] = promptLength;
        numOutputs[convSlot] = numTokens - promptLength;
        for (int i = promptLength; i < numTokens; i++) {
            require(tokenIds[i] == token(hashes[convSlot], i - promptLength), "a resumed sequence has wrong tokens");
        }
    }

    @Override
    public void launch(ForwardBatch batch) {
        require(numLaunched - numAwaited < MAX_STEPS_IN_FLIGHT, "too many steps in flight");
        failIf(Point.LAUNCH, numLaunched + 1);
        log("launch " + (numLaunched + 1));
        StepResult result = results[numLaunched % results.length];
        result.reset(givesWrongRows ? batch.numLogits() - 1 : batch.numLogits());
        for (int row = 0; row < result.numRows(); row++) {
            int slot = batch.logitConvSlot(row);
            if (batch.isSampled(row)) {
                int position = batch.position(batch.logitToken(row));
                require(position + 1 == promptLengths[slot] + numOutputs[slot], "slot " + slot + " at " + position);
                result.setToken(row, token(hashes[slot], numOutputs[slot]++));
            } else if (batch.isScored(row)) {
                result.setToken(row, batch.scoreTarget(row));
                result.setLogprob(row, -1, 1);
            }
        }
        lastDoneNs = Math.max(lastDoneNs, System.nanoTime()) + stepNs;
        doneNs[numLaunched % results.length] = lastDoneNs;
        numLaunched++;
        maxInFlight = Math.max(maxInFlight, numLaunched - numAwaited);
    }

    @Override
    public StepResult await() {
        require(numAwaited < numLaunched, "no step is in flight");
        failIf(Point.AWAIT, numAwaited + 1);
        CountDownLatch latch = hang;
        if (latch != null) {
            isHanging = true;
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        int index = numAwaited % results.length;
        while (stepNs > 0 && System.nanoTime() < doneNs[index]) {
            LockSupport.parkNanos(doneNs[index] - System.nanoTime());
        }
        numAwaited++;
        log("await " + numAwaited);
        return results[index];
    }

    private void log(String call) {
        if (isLogging) {
            calls.add(call);
        }
    }

    private void failIf(Point point, int call) {
        if (failure == point && call == failAt) {
            throw new IllegalStateException("the device fell off the bus at " + point + " " + call);
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("misused: " + what);
        }
    }

    @Override
    public void close() {
        numClosed++;
    }
}
