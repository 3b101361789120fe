package io.penstock.runtime;

import io.penstock.runtime.ForwardBatch.Copy;
import java.util.Arrays;

/** What a batch may hold under its limits, and beside what it holds; what does not fit throws and names it. */
final class BatchBounds {
    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;

    /** What a conv slot does in the batch. */
    private static final byte RUNS = 1;
    private static final byte SAMPLES = 2;

    private final ModelLimits limits;
    private final byte[] marks;

    BatchBounds(ModelLimits limits) {
        this.limits = limits;
        marks = new byte[limits.numConvSlots()];
    }

    void clear() {
        Arrays.fill(marks, (byte) 0);
    }

    boolean hasConvSlot(int convSlot) {
        return marks[convSlot] != 0;
    }

    void requireIdle(int convSlot) {
        requireIndex("conv slot", convSlot, limits.numConvSlots());
        if ((marks[convSlot] & RUNS) != 0) {
            throw new IllegalArgumentException("conv slot " + convSlot + " runs in this batch already");
        }
    }

    void requireUnsampled(int convSlot) {
        requireIndex("conv slot", convSlot, limits.numConvSlots());
        if ((marks[convSlot] & SAMPLES) != 0) {
            throw new IllegalArgumentException("conv slot " + convSlot + " samples in this batch already");
        }
    }

    void run(int convSlot) {
        marks[convSlot] |= RUNS;
    }

    void sample(int convSlot) {
        marks[convSlot] |= SAMPLES;
    }

    /** All of these conv slots run and sample from now on, or none if one does already or a row does not fit. */
    void runAndSample(int count, int[] convSlots, int[] positions, int[] slots) {
        requireDecodes(count, convSlots, positions, slots);
        for (int i = 0; i < count; i++) {
            int convSlot = convSlots[i];
            if (marks[convSlot] != 0) {
                for (int marked = 0; marked < i; marked++) {
                    marks[convSlots[marked]] = 0;
                }
                throw new IllegalArgumentException("conv slot " + convSlot + " runs or samples in this batch already");
            }
            marks[convSlot] = RUNS | SAMPLES;
        }
    }

    static void requireIndex(String name, int index, int size) {
        if (index < 0 || index >= size) {
            throw new IllegalArgumentException(name + " " + index + " of " + size);
        }
    }

    /** Room for so many sequences with so many tokens, at least one each, beside what is there. */
    void requireRoom(int count, int numTokens, int numSeqs, int numBatchedTokens) {
        if (count > limits.maxNumSeqs() - numSeqs || numTokens > limits.maxNumBatchedTokens() - numBatchedTokens) {
            throw new IllegalStateException("no room for " + count + " sequences of " + numTokens + " tokens beside "
                    + numSeqs + " sequences with " + numBatchedTokens + " tokens in " + limits);
        }
        if (numTokens < count || count < 0) {
            throw new IllegalArgumentException(count + " sequences of " + numTokens + " tokens");
        }
    }

    void requireSlot(int position, int slot) {
        if (position < 0 || position >= limits.maxModelLen() || slot < 0 || slot / BLOCK >= limits.numKvBlocks()
                || slot % BLOCK != position % BLOCK) {
            throw new IllegalArgumentException(
                    "slot " + slot + " for position " + position + " does not fit " + limits);
        }
    }

    /** One pass without a branch for each row; only when something is wrong another one that says what. */
    private void requireDecodes(int numDecodes, int[] convSlots, int[] positions, int[] slots) {
        int lastConvSlot = limits.numConvSlots() - 1;
        int lastPosition = limits.maxModelLen() - 1;
        int lastSlot = (int) Math.min(Integer.MAX_VALUE, (long) limits.numKvBlocks() * BLOCK - 1);
        int wrong = 0;
        for (int i = 0; i < numDecodes; i++) {
            int convSlot = convSlots[i];
            int position = positions[i];
            int slot = slots[i];
            int signs = convSlot | lastConvSlot - convSlot | position | lastPosition - position | slot
                    | lastSlot - slot;
            wrong |= signs & Integer.MIN_VALUE | (position ^ slot) & BLOCK - 1;
        }
        for (int i = 0; wrong != 0 && i < numDecodes; i++) {
            requireIndex("conv slot", convSlots[i], limits.numConvSlots());
            requireSlot(positions[i], slots[i]);
        }
    }

    void requireCopy(Copy kind, int from, int to) {
        int numBlocks = limits.numKvBlocks();
        int numSlots = limits.numConvSlots();
        switch (kind) {
            case BLOCK -> requireCopy(kind, from, numBlocks, to, numBlocks);
            case BLOCK_TO_HOST -> requireCopy(kind, from, numBlocks, to, limits.numSwapBlocks());
            case BLOCK_FROM_HOST -> requireCopy(kind, from, limits.numSwapBlocks(), to, numBlocks);
            case SLOT_TO_HOST -> requireCopy(kind, from, numSlots, to, limits.numSwapSlots());
            case SLOT_FROM_HOST -> requireCopy(kind, from, limits.numSwapSlots(), to, numSlots);
        }
    }

    private static void requireCopy(Copy kind, int from, int numFrom, int to, int numTo) {
        if (from < 0 || from >= numFrom || to < 0 || to >= numTo) {
            throw new IllegalArgumentException(
                    kind + " from " + from + " of " + numFrom + " to " + to + " of " + numTo);
        }
    }
}
