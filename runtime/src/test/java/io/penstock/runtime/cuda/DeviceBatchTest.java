package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProperties;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionPlan;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.AttentionConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a step uploads, and where graphs find it. */
class DeviceBatchTest {
    private static final ModelLimits LIMITS = new ModelLimits(2048, 8192, 131_072, 4096, 16);
    private static final DeviceProperties.Cores CORES =
            new DeviceProperties.Cores(132, 0, 2048, 65_536, 228 << 10, 227 << 10);

    private final PlannedDevice device = new PlannedDevice(
            new DeviceProperties("planned", "none", 90, CORES, new DeviceProperties.Memory(1L << 30, 0, 0, 0)));
    private final DeviceBatch uploaded = new DeviceBatch(device, LIMITS, new AttentionPlan.Sizes(2048, 8192, 131_072,
            new AttentionPlan.Heads(4, 8), AttentionPlan.Workers.of(device.properties())), BatchHalves.none());
    private final List<Long> sizes = new ArrayList<>();
    private MemorySegment host;

    private final Stream stream = (Stream) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {Stream.class}, (_, method, arguments) -> {
                assertEquals("copyToDevice", method.getName());
                assertEquals(0L, arguments[1]);
                host = (MemorySegment) arguments[2];
                sizes.add((Long) arguments[4]);
                return null;
            });

    private static ForwardBatch decode(int numSeqs) {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        for (int slot = 0; slot < numSeqs; slot++) {
            batch.sample(batch.addDecode(slot, 5 + slot, 0, slot * ModelLimits.BLOCK_TOKENS));
        }
        return batch;
    }

    /** One copy a step, about as long as the step is large. */
    @Test
    void aStepUploadsWhatItUses() {
        uploaded.upload(stream, decode(1), 1);
        uploaded.upload(stream, decode(64), 64);
        uploaded.upload(stream, decode(2048), 2048);
        assertEquals(3, sizes.size());
        assertTrue(sizes.get(0) < 8_000, "one sequence: " + sizes.get(0));
        assertTrue(sizes.get(1) < 10_000, "64 sequences: " + sizes.get(1));
        assertTrue(sizes.get(2) < 280_000, "2,048 sequences: " + sizes.get(2));
        int[] prompt = new int[8192];
        ForwardBatch prefill = new ForwardBatch(LIMITS);
        prefill.sample(prefill.addSequence(0, prompt, 0, 8192, 0, new int[128]));
        uploaded.upload(stream, prefill, 8192);
        assertTrue(sizes.get(3) < device.allocated().get("batch"), "the most is for the largest step");
    }

    /** A graph's rows find their arrays at one place, however few of them a step has; other steps do not move them. */
    @Test
    void theAddressesOfAGraphAreThoseOfItsRows() {
        uploaded.useRows(100);
        long tokenIds = uploaded.tokenIds();
        long plan = uploaded.planAddress(BatchPart.WHOLE);
        long slots = uploaded.sampledSlots();
        for (int numSeqs : new int[] {1, 3, 64, 65, 100}) {
            uploaded.upload(stream, decode(7), 7);
            ForwardBatch batch = decode(numSeqs);
            assertTrue(uploaded.holds(batch, 100));
            uploaded.upload(stream, batch, 100);
            assertEquals(tokenIds, uploaded.tokenIds());
            assertEquals(plan, uploaded.planAddress(BatchPart.WHOLE));
            assertEquals(slots, uploaded.sampledSlots());
            long first = tokenIds - uploaded.numRealTokens(BatchPart.WHOLE);
            assertEquals(5 + numSeqs - 1, host.get(ValueLayout.JAVA_INT, first + 4L * (numSeqs - 1)));
            for (int row = numSeqs; row < 100; row++) {
                long slot = slots - uploaded.numRealTokens(BatchPart.WHOLE) + 4L * row;
                assertEquals(-1, host.get(ValueLayout.JAVA_INT, slot), "padding row " + row + " samples nothing");
            }
        }
    }

    /** Where a sequence comes back with more blocks than the graph's arrays hold, the step is not the graph's. */
    @Test
    void aStepWithManyChangesIsNotHeldByASmallGraph() {
        ForwardBatch batch = decode(2);
        for (int i = 0; i < 65; i++) {
            batch.setBlock(0, i, i);
        }
        assertFalse(uploaded.holds(batch, 2));
        assertFalse(uploaded.holds(batch, 64));
        assertTrue(uploaded.holds(batch, 65));
        uploaded.upload(stream, batch, 2);
        assertEquals(1, uploaded.layout());
    }

    /** The layouts' arrays lie one behind the other, and the last layout holds whatever the limits allow. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void layoutsDouble(boolean hasHalves) {
        BatchLayout[] layouts = BatchLayout.of(LIMITS, hasHalves);
        for (int i = 0; i < layouts.length; i++) {
            assertEquals(64 << i, layouts[i].capacity());
            long end = 0;
            for (BatchLayout.Section section : BatchLayout.Section.values()) {
                assertTrue(layouts[i].offset(section) >= end);
                boolean isThere = hasHalves || !section.name().startsWith("SECOND_");
                end = layouts[i].offset(section) + (isThere ? 4 : 0);
            }
            assertTrue(layouts[i].planOffset() >= end);
        }
        int most = Math.max(LIMITS.maxNumBatchedTokens(), LIMITS.maxNumBlockUpdates());
        assertTrue(layouts[layouts.length - 1].capacity() >= most && layouts[layouts.length - 2].capacity() < most);
        assertEquals(1, BatchLayout.of(new ModelLimits(1, 8, 64, 1, 0), false).length);
    }

    private final DeviceBatch halved = new DeviceBatch(device, LIMITS,
            CudaAttention.sizes(device, new AttentionConfig(32, 8, 64, 1e6), LIMITS), new BatchHalves(
                    new HalfBatches(10, 1), CudaAttention.decodeSizes(
                            device, new AttentionConfig(32, 8, 64, 1e6), 1024, LIMITS.maxModelLen()), true));

    private int read(long address, int index) {
        long first = halved.numRealTokens(BatchPart.WHOLE);
        return host.get(ValueLayout.JAVA_INT, address - first + 4L * index);
    }

    /** The second half has its tokens, snapshots and plan from the first row on; what is padding is none of it. */
    @Test
    void theSecondHalfIsNumberedFromItsFirstRow() {
        ForwardBatch batch = decode(11);
        for (int token : new int[] {1, 6, 8}) {
            batch.writeSnapshot(token, 5 + token);
        }
        halved.upload(stream, batch, 13);
        assertEquals(7, halved.numFirst());
        assertEquals(11, read(halved.numRealTokens(BatchPart.FIRST), 0));
        assertEquals(4, read(halved.numRealTokens(BatchPart.SECOND), 0));
        for (int row = 0; row < 6; row++) {
            assertEquals(row < 4 ? (7 + row) * ModelLimits.BLOCK_TOKENS : -1,
                    read(halved.slotMapping(BatchPart.SECOND), row), "row " + row);
            assertEquals(row < 4 ? 7 + row : -1, read(halved.sequences(BatchPart.SECOND).convSlots(), row));
            assertEquals(row == 0 ? 1 : Integer.MAX_VALUE,
                    read(halved.sequences(BatchPart.SECOND).snapshotTokens(), row));
        }
        assertEquals(13, read(halved.sequences(BatchPart.SECOND).snapshotSlots(), 0));
        assertEquals(6, halved.numSnapshots(BatchPart.SECOND, batch, 6));
        assertEquals(7, read(halved.planAddress(BatchPart.FIRST), 0), "items of the first half");
        assertEquals(4, read(halved.planAddress(BatchPart.SECOND), 0), "items of the second half");
    }

    /** Few sequences, prompts, and more snapshots than a half's operations look through. */
    @Test
    void someStepsHaveNoHalves() {
        halved.upload(stream, decode(9), 9);
        assertEquals(0, halved.numFirst());
        ForwardBatch prompt = new ForwardBatch(LIMITS);
        prompt.sample(prompt.addSequence(0, new int[64], 0, 64, 0, new int[1]));
        halved.upload(stream, prompt, 64);
        assertEquals(0, halved.numFirst());
        ForwardBatch batch = decode(10);
        for (int i = 0; i < 6; i++) {
            batch.writeSnapshot(9, i);
        }
        assertFalse(halved.holds(batch, 10), "a graph of two halves is not for it");
        assertTrue(uploaded.holds(batch, 10));
        halved.upload(stream, batch, 10);
        assertEquals(0, halved.numFirst());
        halved.useRows(10);
        assertEquals(5, halved.numFirst(), "a graph has halves whatever was uploaded last");
    }
}
