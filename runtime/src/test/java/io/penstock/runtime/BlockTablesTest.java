package io.penstock.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class BlockTablesTest {
    private static final ModelLimits LIMITS = new ModelLimits(2, 64, 192, 6, 0);

    private final BlockTables tables = new BlockTables(LIMITS);
    private final ForwardBatch batch = new ForwardBatch(LIMITS);

    private void step() {
        tables.apply(batch);
        batch.clear();
    }

    private void assertRow(int convSlot, int... blocks) {
        for (int i = 0; i < blocks.length; i++) {
            assertEquals(blocks[i], tables.block(convSlot, i), "conv slot " + convSlot + " block " + i);
        }
    }

    @Test
    void whatIsNotUpdatedStays() {
        assertRow(0, -1, -1, -1);
        batch.setBlock(0, 0, 5);
        batch.setBlock(1, 0, 2);
        step();
        step();
        batch.setBlock(0, 1, 3);
        step();
        assertRow(0, 5, 3, -1);
        assertRow(1, 2, -1, -1);
        batch.setBlock(0, 0, 4);
        step();
        assertRow(0, 4, 3, -1);
    }

    @Test
    void theLastUpdateOfAStepCounts() {
        batch.setBlock(1, 2, 0);
        batch.setBlock(1, 2, 1);
        step();
        assertRow(1, -1, -1, 1);
    }

    @Test
    void aForgottenUpdateIsFound() {
        batch.addDecode(0, 7, 64, 64);
        assertThrows(AssertionError.class, () -> tables.apply(batch));
        batch.setBlock(0, 1, 1);
        assertThrows(AssertionError.class, () -> tables.apply(batch), "block 0 was never set");
        batch.setBlock(0, 0, 0);
        step();
        batch.addDecode(0, 7, 65, 129);
        assertThrows(AssertionError.class, () -> tables.apply(batch), "written to block 2, read from block 1");
        batch.setBlock(0, 1, 2);
        step();
    }
}
