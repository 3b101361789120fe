package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** Copies of blocks and slots, on the device and with swap space, one after the other: chains, swaps and overwrites. */
final class CopyBlocksCases {
    private static final String NAME = "copy_blocks";
    private static final ModelLimits LIMITS = new ModelLimits(6, 64, 640, 9, 0, 5);
    private static final int HIDDEN = 48;
    private static final int NUM_LAYERS = 2;

    private CopyBlocksCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int numKvHeads : new int[] {1, 3}) {
            all.add(OperationCase.small(NAME, "forks, " + numKvHeads + " kv heads",
                    trial -> check(trial, numKvHeads, 2, Copy.BLOCK)));
            all.add(OperationCase.small(NAME, "every kind, " + numKvHeads + " kv heads",
                    trial -> check(trial, numKvHeads, 4, Copy.values())));
        }
        all.add(OperationCase.small(NAME, "runs of neighbours", CopyBlocksCases::neighbours));
        all.add(OperationCase.large(NAME, "every kind, 8 kv heads", trial -> check(trial, 8, 4, Copy.values())));
        return all;
    }

    /** Fills both alike; swap space starts with what the first batch of copies brings there. */
    private static void fill(OperationBackend backend, OperationBackend twin, Samples samples, int numKvHeads) {
        for (int layer = 0; layer < NUM_LAYERS; layer++) {
            for (int block = 0; block < LIMITS.numKvBlocks(); block++) {
                float[] content = samples.normal(numKvHeads * 2 * 64 * 64, 1);
                backend.setBlock(layer, block, content);
                twin.setBlock(layer, block, content);
            }
            for (int slot = 0; slot < LIMITS.numConvSlots(); slot++) {
                float[] state = samples.normal(2 * HIDDEN, 1);
                backend.setConvState(layer, slot, state);
                twin.setConvState(layer, slot, state);
            }
        }
        ForwardBatch batch = new ForwardBatch(LIMITS);
        for (int i = 0; i < LIMITS.numSwapBlocks(); i++) {
            batch.addCopy(Copy.BLOCK_TO_HOST, i, LIMITS.numSwapBlocks() - 1 - i);
        }
        for (int i = 0; i < LIMITS.numSwapSlots(); i++) {
            batch.addCopy(Copy.SLOT_TO_HOST, i, i);
        }
        backend.copyBlocks(batch);
        twin.copyBlocks(batch);
    }

    private static void requireSameMemory(Closeness closeness, OperationBackend expected, OperationBackend actual) {
        for (int layer = 0; layer < NUM_LAYERS; layer++) {
            for (int block = 0; block < LIMITS.numKvBlocks(); block++) {
                closeness.requireSame("layer " + layer + ", block " + block, 64, expected.block(layer, block),
                        actual.block(layer, block));
            }
            for (int slot = 0; slot < LIMITS.numConvSlots(); slot++) {
                closeness.requireSame("layer " + layer + ", state of slot " + slot, HIDDEN,
                        expected.convState(layer, slot), actual.convState(layer, slot));
            }
        }
    }

    private static ModelConfig config(int numKvHeads) {
        return Samples.config(64, HIDDEN, numKvHeads, numKvHeads);
    }

    private static void addRandom(ForwardBatch batch, Samples samples, Copy kind) {
        int blocks = LIMITS.numKvBlocks();
        int slots = LIMITS.numConvSlots();
        switch (kind) {
            case BLOCK -> batch.addCopy(kind, samples.nextInt(blocks), samples.nextInt(blocks));
            case BLOCK_TO_HOST -> batch.addCopy(kind, samples.nextInt(blocks), samples.nextInt(LIMITS.numSwapBlocks()));
            case BLOCK_FROM_HOST ->
                batch.addCopy(kind, samples.nextInt(LIMITS.numSwapBlocks()), samples.nextInt(blocks));
            case SLOT_TO_HOST -> batch.addCopy(kind, samples.nextInt(slots), samples.nextInt(LIMITS.numSwapSlots()));
            case SLOT_FROM_HOST -> batch.addCopy(kind, samples.nextInt(LIMITS.numSwapSlots()), samples.nextInt(slots));
        }
    }

    /** Steps of random copies, so many that most meet what an earlier one wrote. */
    private static void check(Trial trial, int numKvHeads, int numSteps, Copy... kinds) {
        Samples samples = trial.samples();
        try (OperationBackend backend = trial.open(config(numKvHeads), LIMITS);
                OperationBackend twin = trial.twin(config(numKvHeads), LIMITS)) {
            fill(backend, twin, samples, numKvHeads);
            ForwardBatch batch = new ForwardBatch(LIMITS);
            for (int step = 0; step < numSteps; step++) {
                batch.clear();
                for (int i = 0; i < 8 + 3 * step; i++) {
                    addRandom(batch, samples, kinds[samples.nextInt(kinds.length)]);
                }
                backend.copyBlocks(batch);
                twin.copyBlocks(batch);
                requireSameMemory(trial.closeness(), twin, backend);
            }
        }
    }

    /** A sequence goes out and comes back elsewhere, in runs that one transfer can take. */
    private static void neighbours(Trial trial) {
        try (OperationBackend backend = trial.open(config(2), LIMITS);
                OperationBackend twin = trial.twin(config(2), LIMITS)) {
            fill(backend, twin, trial.samples(), 2);
            ForwardBatch batch = new ForwardBatch(LIMITS);
            for (int i = 0; i < 3; i++) {
                batch.addCopy(Copy.BLOCK_TO_HOST, 2 + i, 1 + i);
                batch.addCopy(Copy.SLOT_TO_HOST, 1 + i, i);
            }
            for (int i = 0; i < 4; i++) {
                batch.addCopy(Copy.BLOCK_FROM_HOST, i, 4 + i);
            }
            for (int i = 0; i < 2; i++) {
                batch.addCopy(Copy.SLOT_FROM_HOST, i, 3 + i);
            }
            for (int i = 0; i < 3; i++) {
                batch.addCopy(Copy.BLOCK, 4 + i, i);
            }
            backend.copyBlocks(batch);
            twin.copyBlocks(batch);
            requireSameMemory(trial.closeness(), twin, backend);
        }
    }
}
