package io.penstock.serving.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cpu.Arithmetic;
import org.junit.jupiter.api.Test;

class ResolvedLimitsTest {
    private static final ModelConfig MODEL = ModelShapes.named("lfm2.5-8b-a1b");
    private static final long GIB = 1L << 30;

    /** 6 attention layers, keys and values of 512 floats, 64 tokens. */
    private static final long BLOCK_BYTES = 6L * 2 * 512 * 4 * 64;

    private static ResolvedLimits resolve(AskedLimits asked, long heapBytes) {
        return ResolvedLimits.of(MODEL, ServingConfig.of(Preset.THROUGHPUT).withLimits(asked), heapBytes);
    }

    private static void assertRefused(String message, AskedLimits asked, long heapBytes) {
        var e = assertThrows(InputException.class, () -> resolve(asked, heapBytes));
        assertTrue(e.getMessage().startsWith(message), e::getMessage);
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void everythingHasADefault() {
        ResolvedLimits resolved = resolve(AskedLimits.NONE, 16 * GIB);
        ModelLimits limits = resolved.limits();
        assertEquals(64, limits.maxNumSeqs());
        assertEquals(1024, limits.maxNumBatchedTokens());
        assertEquals(4096, limits.maxModelLen());
        assertEquals(64 * 1024 / 64, limits.numKvBlocks());
        assertEquals(limits.numKvBlocks() / 2, limits.numSnapshots());
        assertEquals(0, limits.numSwapBlocks());
        assertEquals(limits.numKvBlocks() * BLOCK_BYTES, resolved.kvBytes());
        assertTrue(resolved.describe().startsWith("max_num_seqs 64, max_num_batched_tokens 1024, max_model_len 4096,"),
                resolved::describe);
    }

    @Test
    void presetDecidesWhatIsNotAsked() {
        ModelLimits limits = ResolvedLimits.of(MODEL, ServingConfig.of(Preset.LATENCY), 16 * GIB).limits();
        assertEquals(16, limits.maxNumSeqs());
        assertEquals(512, limits.maxNumBatchedTokens());
    }

    @Test
    void smallHeapGivesFewerBlocksButRoomForOneSequence() {
        ModelLimits limits = resolve(AskedLimits.NONE, GIB).limits();
        assertTrue(limits.numKvBlocks() >= limits.maxBlocksPerSeq() && limits.numKvBlocks() < 300, limits::toString);
    }

    @Test
    void askedIsKept() {
        var asked = new AskedLimits(7, 300, 1000, null, 200 * BLOCK_BYTES + 1, 5, 10 * BLOCK_BYTES);
        assertEquals(new ModelLimits(7, 300, 1000, 200, 5, 10, new MaskLimits(7, 128_000)),
                resolve(asked, 16 * GIB).limits());
        assertEquals(99, resolve(AskedLimits.NONE.withKvBlocks(99), 16 * GIB).limits().numKvBlocks());
    }

    @Test
    void noPrefixCachingKeepsSnapshotsForForksOnly() {
        assertEquals(4, ResolvedLimits.of(MODEL, ServingConfig.of(Preset.THROUGHPUT).withPrefixCaching(false), 16 * GIB)
                .limits().numSnapshots());
    }

    @Test
    void refusalsSayWhatToDo() {
        assertRefused("max_model_len 200000 is more than the 128000", AskedLimits.NONE.withSizes(null, null, 200_000),
                16 * GIB);
        assertRefused("a sequence of 4096 tokens (max_model_len) needs 64 KV blocks",
                AskedLimits.NONE.withKvBlocks(63), 16 * GIB);
        assertRefused("KV memory of 99999999 blocks is more than", AskedLimits.NONE.withKvBlocks(99_999_999), 16 * GIB);
        assertRefused("swap space of ", AskedLimits.NONE.withSwapBytes(1L << 45), 16 * GIB);
        assertRefused("does not fit: KV blocks take", AskedLimits.NONE.withSizes(4096, null, 100_000), 2 * GIB);
    }

    @Test
    void askedLimitsAreChecked() {
        assertThrows(InputException.class, () -> AskedLimits.NONE.withSizes(0, null, null));
        assertThrows(InputException.class, () -> AskedLimits.NONE.withSizes(8193, null, null));
        assertThrows(InputException.class, () -> AskedLimits.NONE.withSizes(null, 65_537, null));
        assertThrows(InputException.class, () -> AskedLimits.NONE.withSizes(null, null, 0));
        assertThrows(InputException.class, () -> AskedLimits.NONE.withSnapshots(-1));
        assertThrows(InputException.class, () -> new AskedLimits(null, null, null, 1, 1L, null, null));
        assertThrows(InputException.class, () -> new Backend.Cpu(Arithmetic.FLOAT32, -1));
    }
}
