package io.penstock.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPlanTest {
    private static final ModelConfig MODEL = ModelShapes.named("lfm2.5-8b-a1b");
    private static final MemoryPlan.Asked ASKED = new MemoryPlan.Asked(256, 8192, 32_768, 1024);

    @Test
    void figuresOfTheEightBillionModel() {
        assertEquals(16_935_713_664L + 2 * 22 * 32, MemoryPlan.weightsBytes(MODEL));
        assertEquals(12_288, MemoryPlan.kvBytesPerToken(MODEL));
        assertEquals(768 << 10, MemoryPlan.kvBlockBytes(MODEL));
        assertEquals(147_456, MemoryPlan.convSlotBytes(MODEL));
    }

    /** One token: 8 hidden, 2 x 512 kv, 7168 dense, 4 x (1792 + 2048); and 4 experts with an id and a weight each. */
    @Test
    void workspaceFollowsFormula() {
        long perToken = 2 * (8 * 2048 + 1024 + 7168 + 4 * (1792 + 2048)) + 32;
        long perLogits = 2 * 2048 + 4L * 128_000;
        assertEquals(perToken + perLogits, MemoryPlan.workspaceBytes(MODEL, 1, 1));
        assertEquals(512 * perToken + 7 * perLogits, MemoryPlan.workspaceBytes(MODEL, 512, 7));
        assertEquals(3 * perToken + 7 * perLogits, MemoryPlan.workspaceBytes(MODEL, 3, 7));
    }

    @Test
    void denseModelHasNoExpertRows() {
        ModelConfig dense = ModelShapes.named("lfm2-1.2b");
        long perToken = 2 * (8 * 2048 + 1024 + 8192);
        assertEquals(perToken + 2 * 2048 + 4L * 65_536, MemoryPlan.workspaceBytes(dense, 1, 1));
        assertEquals(2 * dense.parameters(), MemoryPlan.weightsBytes(dense));
    }

    @Test
    void partsAndLeftoverMakeTheBudget() {
        long budget = 72L << 30;
        MemoryPlan plan = MemoryPlan.of(MODEL, ASKED, budget);
        assertEquals(budget, plan.weightsBytes() + plan.convSlotsBytes() + plan.snapshotsBytes()
                + plan.workspaceBytes() + plan.kvBytes() + plan.freeBytes());
        assertTrue(plan.freeBytes() >= 0 && plan.freeBytes() < plan.kvBlockBytes(), () -> "" + plan.freeBytes());
        assertEquals(256 * 147_456L, plan.convSlotsBytes());
        assertEquals(1024 * 147_456L, plan.snapshotsBytes());
        assertEquals(64L * plan.limits().numKvBlocks(), plan.numKvTokens());
    }

    @Test
    void sequencesAreBoundByBlocksAndSlots() {
        MemoryPlan plan = MemoryPlan.of(MODEL, ASKED, 20L << 30);
        assertEquals(256, plan.numSequences(64));
        assertEquals(plan.limits().numKvBlocks() / 512, plan.numSequences(32_768));
        assertEquals(plan.numSequences(128), plan.numSequences(65));
    }

    @Test
    void lastBlockDecides() {
        long needed = MemoryPlan.of(MODEL, ASKED, 72L << 30).budgetBytes();
        MemoryPlan roomy = MemoryPlan.of(MODEL, ASKED, needed);
        long fixed = needed - roomy.kvBytes() - roomy.freeBytes();
        long smallest = fixed + 512 * roomy.kvBlockBytes();
        assertEquals(512, MemoryPlan.of(MODEL, ASKED, smallest).limits().numKvBlocks());
        var e = assertThrows(InputException.class, () -> MemoryPlan.of(MODEL, ASKED, smallest - 1));
        assertTrue(e.getMessage().contains("lower --max-model-len to " + 511 * 64), e::getMessage);
    }

    @ParameterizedTest
    @CsvSource({
        "10, 'does not fit: the weights take 15.8 GiB'",
        "16, 'does not fit: weights, conv slots, snapshots and workspace take'",
        "17, 'does not fit: a sequence of 128000 tokens needs'",
    })
    void refusalSaysWhatToLower(int gib, String message) {
        var asked = new MemoryPlan.Asked(256, 8192, 128_000, 1024);
        var e = assertThrows(InputException.class, () -> MemoryPlan.of(MODEL, asked, (long) gib << 30));
        assertTrue(e.getMessage().startsWith(message), e::getMessage);
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void longerThanTheModelIsRefused() {
        var asked = new MemoryPlan.Asked(1, 1, 128_001, 0);
        assertThrows(InputException.class, () -> MemoryPlan.of(MODEL, asked, 80L << 30));
    }

    @ParameterizedTest
    @CsvSource({
        "80GiB, 85899345920", "80GB, 80000000000", "1.5 gib, 1610612736", "512M, 536870912", "100, 100", "7kB, 7000",
    })
    void sizesAreRead(String text, long bytes) {
        assertEquals(bytes, MemorySize.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GiB", "-1GB", "80 gigs", "1e9", "0GB", "9999999TB", "12iB", "1.GB"})
    void otherTextIsNoSize(String text) {
        assertThrows(InputException.class, () -> MemorySize.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"0, 0 B", "1023, 1023 B", "786432, 768.0 KiB", "147456, 144.0 KiB", "16935715072, 15.8 GiB",
            "9663676416, 9.00 GiB"})
    void sizesAreShown(long bytes, String text) {
        assertEquals(text, MemorySize.show(bytes));
    }
}
