package io.penstock.bench.simulate;

import io.penstock.bench.simulate.SimulatedRequest.Choice;
import io.penstock.runtime.BlockTables;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.Arrays;

/**
 * Follows the contents of all memory: the key and value of a token and the conv state after it are both one number, a
 * hash of the tokens from the sequence's first to that one. What a step reads must be what its sequence wrote.
 */
final class ContentCheck {
    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;
    private static final long EMPTY = 0x5EED;

    /** The whole context is looked at in each such step, and always when a sequence starts; else one position. */
    private static final int INTERVAL = 16;

    private final Workload workload;
    private final BlockTables tables;
    private final long[] kv;
    private final long[] slots;
    private final long[] snapshots;
    private final long[] hostKv;
    private final long[] hostSlots;
    private final int[] lastSampled;
    private final Choice[] choices;
    private final boolean[] isStarted;
    private final long[][] expected;
    private long numSteps;

    ContentCheck(ModelLimits limits, Workload workload) {
        this.workload = workload;
        tables = new BlockTables(limits);
        kv = new long[limits.numKvBlocks() * BLOCK];
        slots = new long[limits.numConvSlots()];
        snapshots = new long[limits.numSnapshots()];
        hostKv = new long[limits.numSwapBlocks() * BLOCK];
        hostSlots = new long[limits.numSwapSlots()];
        lastSampled = new int[limits.numConvSlots()];
        choices = new Choice[limits.numConvSlots()];
        isStarted = new boolean[limits.numConvSlots()];
        expected = new long[limits.numConvSlots()][];
    }

    private static long after(long state, int tokenId) {
        return Workload.mix(state * 31 + tokenId + 1);
    }

    void started(int convSlot, Choice choice) {
        choices[convSlot] = choice;
        isStarted[convSlot] = true;
        expected[convSlot] = new long[0];
    }

    void sampled(int convSlot, int tokenId) {
        lastSampled[convSlot] = tokenId;
    }

    void launched(ForwardBatch batch) {
        for (int i = 0; i < batch.numCopies(); i++) {
            copy(batch.copyKind(i), batch.copyFrom(i), batch.copyTo(i));
        }
        tables.apply(batch);
        long[] written = new long[batch.numSnapshots()];
        int numWritten = 0;
        for (int seq = 0; seq < batch.numSeqs(); seq++) {
            int slot = batch.convSlot(seq);
            int first = batch.firstToken(seq);
            int snapshot = batch.initialSnapshot(seq);
            long state = batch.position(first) == 0 ? EMPTY
                    : snapshot == ForwardBatch.NO_SNAPSHOT ? slots[slot] : snapshots[snapshot];
            for (int token = first; token < batch.firstToken(seq + 1); token++) {
                boolean isSampled = batch.tokenId(token) == ForwardBatch.LAST_SAMPLED;
                state = after(state, isSampled ? lastSampled[slot] : batch.tokenId(token));
                check("conv state", slot, batch.position(token), state);
                kv[batch.slot(token)] = state;
                while (numWritten < written.length && batch.snapshotToken(numWritten) == token) {
                    written[numWritten++] = state;
                }
            }
            slots[slot] = state;
            checkContext(slot, batch.seqLenK(seq));
        }
        for (int i = 0; i < written.length; i++) {
            snapshots[batch.snapshotSlot(i)] = written[i];
        }
        numSteps++;
    }

    private void copy(ForwardBatch.Copy kind, int from, int to) {
        switch (kind) {
            case BLOCK -> System.arraycopy(kv, from * BLOCK, kv, to * BLOCK, BLOCK);
            case BLOCK_TO_HOST -> System.arraycopy(kv, from * BLOCK, hostKv, to * BLOCK, BLOCK);
            case BLOCK_FROM_HOST -> System.arraycopy(hostKv, from * BLOCK, kv, to * BLOCK, BLOCK);
            case SLOT_TO_HOST -> hostSlots[to] = slots[from];
            case SLOT_FROM_HOST -> slots[to] = hostSlots[from];
        }
    }

    private void checkContext(int slot, int length) {
        if (isStarted[slot] || numSteps % INTERVAL == 0) {
            isStarted[slot] = false;
            for (int position = 0; position < length; position++) {
                checkKey(slot, position);
            }
        } else {
            checkKey(slot, (int) Math.floorMod(Workload.mix(numSteps * slots.length + slot), (long) length));
        }
    }

    private void checkKey(int slot, int position) {
        check("key", slot, position, kv[tables.block(slot, position / BLOCK) * BLOCK + position % BLOCK]);
    }

    private void check(String what, int slot, int position, long found) {
        if (position >= expected[slot].length) {
            extend(slot, position);
        }
        if (found != expected[slot][position]) {
            throw new IllegalStateException("the " + what + " of sequence " + choices[slot].id + " in conv slot " + slot
                    + " at position " + position + " is another token's or another sequence's");
        }
    }

    private void extend(int slot, int position) {
        Choice choice = choices[slot];
        int[] prompt = choice.request.prompt;
        long[] states = expected[slot];
        int from = states.length;
        expected[slot] = Arrays.copyOf(states, Math.max(position + BLOCK, prompt.length));
        for (int i = from; i < expected[slot].length; i++) {
            int tokenId = i < prompt.length ? prompt[i]
                    : workload.outputToken(choice.id, i - prompt.length, choice.request.lengths.output());
            expected[slot][i] = after(i == 0 ? EMPTY : expected[slot][i - 1], tokenId);
        }
    }
}
