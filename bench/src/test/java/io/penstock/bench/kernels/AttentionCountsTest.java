package io.penstock.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What attention reads of keys and values: decode each once, prefill once for 128 rows. */
class AttentionCountsTest {
    private static final int TILE_BYTES = 2 * 64 * 64 * 2;
    private static final int ROWS = 128;
    private static final int GROUP = 4;

    private static Map<String, Long> count(int capability, KernelShape shape, int numTokens, boolean isDecode) {
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(numTokens).on(capability));
        Stream stream = device.createStream("counts");
        try (device;
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, numTokens, false);
                KernelBenchmark benchmark = new AttentionBenchmark(memory, shape, isDecode)) {
            benchmark.launch(stream, 0);
            stream.synchronize();
            assertEquals(List.of(), device.faults());
            return device.counters().values();
        }
    }

    /** What the items of a prompt look at. */
    private static long tiles(int numTokens) {
        long tiles = 0;
        for (int t = ROWS / GROUP; t <= numTokens; t += ROWS / GROUP) {
            tiles += (t + 63) / 64;
        }
        return tiles;
    }

    /** The 8B model's group of four heads; one kv head tells the same as eight. */
    private static KernelShape shape() {
        return new KernelShape(2048, 64, GROUP, 1, 64, null);
    }

    @Test
    void aPromptReadsATileOnceForThirtyTwoTokens() {
        int numTokens = 512;
        Map<String, Long> counters = count(80, shape(), numTokens, false);
        int tokens = ROWS / GROUP;
        long tiles = tiles(numTokens);
        long copied = counters.get("asyncCopyBytes");
        assertTrue(copied <= tiles * TILE_BYTES, copied + " of " + tiles + " tiles: what lies behind is not read");
        long others = counters.get("globalReadBytes") + counters.get("globalWriteBytes") - copied;
        long rows = 2L * 2 * numTokens * 4 * 64;
        // All threads of a block read the number of items, each item, and the block of each tile: one sector each.
        long uniform = 128L * (4 * counters.get("ctas") + 32L * numTokens / tokens + 4 * tiles + 4);
        assertTrue(others <= rows + uniform, others + " bytes beyond keys and values, of " + rows + " and " + uniform);
        assertEquals(0, counters.get("bankConflicts"));
        long flops = 2L * 2 * 64 * ROWS * 64 * tiles;
        assertEquals(flops, counters.get("mmaFlops"), "whole tiles, whatever the mask");
    }

    @Test
    void aTokenReadsEachKeyAndValueOnce() {
        Map<String, Long> counters = count(80, shape(), 32, true);
        assertEquals(32L * 1024 * 2 * 64 * 2, counters.get("asyncCopyBytes"));
        assertEquals(0, counters.get("bankConflicts"));
    }

    /** Tensor cores have eight instructions a tile of decode, four for keys and four for values. */
    @Test
    void aTokenReadsEachKeyAndValueOnceOnHopper() {
        Map<String, Long> counters = count(90, shape(), 32, true);
        assertEquals(32L * 1024 * 2 * 64 * 2, counters.get("bulkCopyBytes"));
        assertEquals(0, counters.get("asyncCopyBytes"));
        assertEquals(0, counters.get("bankConflicts"));
        long tiles = 32L * 1024 / 64;
        assertEquals(8 * tiles, counters.get("wgmmaInstructions"));
    }

    @Test
    void warpgroupsOfAPromptShareATile() {
        int numTokens = 512;
        Map<String, Long> counters = count(90, shape(), numTokens, false);
        long tiles = tiles(numTokens);
        assertTrue(counters.get("bulkCopyBytes") <= tiles * TILE_BYTES, "what lies behind is not read");
        assertEquals(0, counters.get("bankConflicts"));
        assertEquals(2 * 8 * tiles, counters.get("wgmmaInstructions"));
    }
}
