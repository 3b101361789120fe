package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Hands each batch on with a mistake in it, as a scheduler that has this mistake would make it. */
final class MutatedRunner implements ModelRunner {
    private final ModelRunner runner;
    private final Mutation mutation;
    private final ForwardBatch changed;

    /** Block tables as the batches tell them, [conv slot, index]. */
    final int[][] tables;

    /** The last token before the next chunk, by conv slot. */
    final Map<Integer, BatchDraft.Token> lastTokens = new HashMap<>();

    /** What each conv slot sampled last; known when its step was awaited. */
    final Map<Integer, Integer> sampled = new HashMap<>();

    private int[] rowSlots = {};
    private int numInFlight;

    MutatedRunner(ModelRunner runner, Mutation mutation) {
        this.runner = runner;
        this.mutation = mutation;
        ModelLimits limits = runner.limits();
        changed = new ForwardBatch(limits);
        tables = new int[limits.numConvSlots()][limits.maxBlocksPerSeq()];
        for (int[] table : tables) {
            Arrays.fill(table, -1);
        }
    }

    @Override
    public ModelLimits limits() {
        return runner.limits();
    }

    @Override
    public void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        sampled.remove(convSlot);
        lastTokens.remove(convSlot);
        boolean forgets = mutation == Mutation.RESUMED_WITHOUT_OUTPUTS && numTokens > promptLength;
        runner.startSequence(convSlot, params, tokenIds, promptLength, forgets ? promptLength : numTokens);
    }

    @Override
    public void launch(ForwardBatch batch) {
        BatchDraft draft = new BatchDraft(batch);
        BatchDraft original = new BatchDraft(batch);
        draft.updates.forEach(update -> tables[update.convSlot][update.index] = update.block);
        mutation.change.apply(draft, this);
        draft.updates.forEach(update -> tables[update.convSlot][update.index] = update.block);
        original.seqs.forEach(seq -> lastTokens.put(seq.convSlot, seq.tokens.getLast()));
        draft.write(changed, runner.limits());
        rowSlots = original.rows.stream().mapToInt(row -> row.isScored ? -1 : row.convSlot).toArray();
        runner.launch(changed);
        numInFlight++;
    }

    @Override
    public StepResult await() {
        StepResult result = runner.await();
        if (--numInFlight == 0) {
            for (int row = 0; row < rowSlots.length; row++) {
                if (rowSlots[row] >= 0) {
                    sampled.put(rowSlots[row], result.tokenId(row));
                }
            }
        }
        return result;
    }

    /** Leaves the runner with no step in flight. */
    void drain() {
        while (numInFlight > 0) {
            await();
        }
    }

    @Override
    public void close() {
        runner.close();
    }
}
