package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Changes of block tables over several steps, many of them of the same entry, of which the last counts. */
final class UpdateBlockTablesCases {
    private static final String NAME = "update_block_tables";
    private static final ModelLimits LIMITS = new ModelLimits(40, 100, 1000, 77, 0);
    private static final int[] NUM_UPDATES = {0, 1, 2, 31, 32, 33, 65, 140};

    private UpdateBlockTablesCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int numSlots : new int[] {1, 3, 40}) {
            all.add(OperationCase.small(NAME, numSlots + " slots", trial -> check(trial, numSlots, 5)));
        }
        all.add(OperationCase.small(NAME, "one entry", trial -> check(trial, 1, 1)));
        return all;
    }

    /** Updates of so many conv slots' first entries. */
    private static void check(Trial trial, int numSlots, int numEntries) {
        Samples samples = trial.samples();
        ForwardBatch batch = new ForwardBatch(LIMITS);
        int columns = LIMITS.maxBlocksPerSeq();
        float[] expected = new float[LIMITS.numConvSlots() * columns];
        Arrays.fill(expected, -1);
        try (OperationBackend backend = trial.open(Samples.config(8), LIMITS)) {
            for (int numUpdates : NUM_UPDATES) {
                batch.clear();
                for (int i = 0; i < numUpdates; i++) {
                    int slot = LIMITS.numConvSlots() - 1 - samples.nextInt(numSlots);
                    int index = columns - 1 - samples.nextInt(numEntries);
                    int block = samples.nextInt(LIMITS.numKvBlocks());
                    batch.setBlock(slot, index, block);
                    expected[slot * columns + index] = block;
                }
                int[] tables = backend.updateBlockTables(batch);
                float[] actual = new float[tables.length];
                for (int i = 0; i < tables.length; i++) {
                    actual[i] = tables[i];
                }
                trial.closeness().requireSame(numUpdates + " updates", columns, expected, actual);
            }
        }
    }
}
