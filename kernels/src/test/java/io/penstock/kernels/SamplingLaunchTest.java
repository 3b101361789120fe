package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Sampling's two launches each: shapes that depend on rows alone, every argument, and nothing allocated. */
class SamplingLaunchTest {
    private static final FakeDevice DEVICE = new FakeDevice();
    private static final SampleKernel.RowAddresses ROWS = new SampleKernel.RowAddresses(16, 32, 48);
    private static final SampleKernel.SequenceAddresses SEQUENCES =
            new SampleKernel.SequenceAddresses(64, 80, 96, 112, 128, 144);
    private static final LogprobsKernel.RowAddresses LOGPROB_ROWS = new LogprobsKernel.RowAddresses(16, 32, 48, 64, 80);

    @Test
    void aRowIsCutTheSameWayInEveryBatch() {
        SampleKernel sample = new SampleKernel(DEVICE, 128_000, 124_896, 64);
        long before = DEVICE.stream.numLaunches;
        sample.launch(DEVICE.stream, 16, 64, 128, ROWS, SEQUENCES, false, 7);
        assertEquals(before + 2, DEVICE.stream.numLaunches);
        assertEquals("sample_choose_f32", DEVICE.stream.kernel.name());
        assertEquals(7, DEVICE.stream.shape.gridX());
        assertEquals(16, DEVICE.stream.values.get(ValueLayout.JAVA_LONG, 0), "the tokens come first");
        assertTrue(DEVICE.stream.shape.dynamicSharedBytes() <= DEVICE.stream.kernel.maxDynamicSharedBytes);
        assertTrue(DEVICE.stream.shape.dynamicSharedBytes() <= 99 * 1024, "compute capability 8.9 has 99 KiB");
        assertEquals(31, SampleKernel.tiles(124_896));
        assertEquals(31 * 1024, SampleKernel.resultBytes(124_896));
    }

    /** Few rows have a block each, and many no more blocks than some rounds of the device. */
    @Test
    void manyRowsShareTheBlocksOfTheScan() {
        assertEquals(1, SampleKernel.scanBlocks(1, 32, 132));
        assertEquals(132, SampleKernel.scanBlocks(132, 32, 132));
        assertEquals(132, SampleKernel.scanBlocks(2048, 32, 132));
        assertEquals(2048, SampleKernel.scanBlocks(65_535, 32, 132), "a block has 32 rows at most");
        for (int rows = 1; rows < 5000; rows += 37) {
            int blocks = SampleKernel.scanBlocks(rows, 1 + rows % 64, 1 + rows % 140);
            assertTrue(blocks <= rows && 32 * blocks >= rows, rows + " rows: " + blocks);
        }
    }

    /** The LM head's results of a row take the room of the scan's. */
    @Test
    void theHeadIsToldWhereResultsGo() {
        assertEquals(31 * 128, SampleKernel.headResults(124_896));
        LinearKernel.SampledRows rows = new LinearKernel.SampledRows(160, 176, 192, 208, 224, 124_896);
        LinearKernel tiled = LinearKernel.of(DEVICE, WeightFormat.TILES);
        assertTrue(tiled.choosesInHead());
        tiled.launchHead(DEVICE.stream, 16, 32, 48, rows, 7, 128_000, 2048);
        assertEquals("linear_tiled_m64_f32", DEVICE.stream.kernel.name());
        assertEquals(160, DEVICE.stream.values.get(ValueLayout.JAVA_LONG, 24));
        LinearKernel rowMajor = LinearKernel.of(DEVICE, WeightFormat.ROW_MAJOR);
        assertTrue(!rowMajor.choosesInHead());
        rowMajor.launchHead(DEVICE.stream, 16, 32, 48, rows, 7, 128_000, 2048);
        assertEquals("linear_m16_f32", DEVICE.stream.kernel.name());
        long before = DEVICE.stream.numLaunches;
        tiled.launchHead(DEVICE.stream, 16, 32, 48, rows, 0, 128_000, 2048);
        assertEquals(before, DEVICE.stream.numLaunches);
    }

    @Test
    void logprobsMergeARowInOneWarp() {
        LogprobsKernel logprobs = new LogprobsKernel(DEVICE, 777, 770);
        long before = DEVICE.stream.numLaunches;
        logprobs.launch(DEVICE.stream, 16, 64, 128, LOGPROB_ROWS, 5);
        assertEquals(before + 2, DEVICE.stream.numLaunches);
        assertEquals("logprobs_merge_f32", DEVICE.stream.kernel.name());
        assertEquals("grid 5x1x1, block 32x1x1, 0 B dynamic shared", DEVICE.stream.shape.toString());
    }

    @Test
    void noRowsNoLaunchAndNothingAllocated() {
        SampleKernel sample = new SampleKernel(DEVICE, 777, 777, 2);
        LogprobsKernel logprobs = new LogprobsKernel(DEVICE, 777, 777);
        long before = DEVICE.stream.numLaunches;
        sample.launch(DEVICE.stream, 16, 64, 128, ROWS, SEQUENCES, false, 0);
        logprobs.launch(DEVICE.stream, 16, 64, 128, LOGPROB_ROWS, 0);
        assertEquals(before, DEVICE.stream.numLaunches);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long leastBytes = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 20 && leastBytes > 0; attempt++) {
            long start = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                sample.launch(DEVICE.stream, 16, 64, 128, ROWS, SEQUENCES, true, 9);
                logprobs.launch(DEVICE.stream, 16, 64, 128, LOGPROB_ROWS, 9);
            }
            leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - start);
        }
        assertTrue(leastBytes < 1000, leastBytes + " bytes in 4000 launches");
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SampleKernel(DEVICE, 300_000, 300_000, 2));
        assertThrows(IllegalArgumentException.class, () -> new SampleKernel(DEVICE, 100, 101, 2));
        try (Arena arena = Arena.ofConfined()) {
            SamplingSlot slot = new SamplingSlot(arena.allocate(SamplingSlot.SIZE_BYTES, Long.BYTES));
            slot.start(new SamplingSlot.Numbers(1, 1, 0, 1, 1, 0, 0), new SamplingSlot.Integers(1, 0, 1, 0, 0, -1, 3));
            assertEquals(128, slot.usedBytes());
            assertEquals(3, slot.numOutputs());
            for (int i = 0; i < SamplingSlot.MAX_BIASES; i++) {
                slot.addBias(i, 1);
            }
            assertEquals(SamplingSlot.SIZE_BYTES, slot.usedBytes());
            assertThrows(IllegalArgumentException.class, () -> slot.addBias(5000, 1));
        }
    }
}
