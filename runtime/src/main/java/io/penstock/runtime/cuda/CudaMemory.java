package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.RopeTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * KV blocks and their tables, conv slots, snapshots and rotary angles on a device, allocated once. All bfloat16 but the
 * angles and the tables.
 *
 * <pre>
 *   KV:        [attention layer][block][kv head][ K tile 64 x 64 | V tile 64 x 64 ], see QkNormRopeStoreKernel
 *   states:    [slot][conv layer][2, oldest first][hidden]: a sequence's state is one range
 *   snapshots: [snapshot][conv layer][2, oldest first][hidden]
 *   angles:    [position][32 cosines | 32 sines], float32
 *   block tokens: [block][64], int: the token of each KV slot, copied and swapped with its block
 *   last sampled: [slot], int: the token that the slot's sequence sampled last
 *   tables:    [slot][blocks of the longest sequence], int: the KV blocks of the slot's sequence, -1 before the first
 * </pre>
 */
final class CudaMemory implements AutoCloseable {
    private static final int TILE_BYTES = Short.BYTES * ModelLimits.BLOCK_TOKENS * RopeTable.HEAD_DIM;
    private static final byte UNSET = -1;
    private static final int ANGLES_BYTES = 2 * Float.BYTES * RopeTable.HALF;

    private final long blockBytes;
    private final long layerBytes;
    private final long stateBytes;
    private final long slotBytes;
    private final DeviceMemory keysValues;
    private final DeviceMemory states;
    private final DeviceMemory snapshots;
    private final DeviceMemory angles;
    private final DeviceMemory blockTokens;
    private final DeviceMemory lastSampled;
    private final DeviceMemory blockTables;

    CudaMemory(Device device, Stream stream, ModelConfig config, ModelLimits limits) {
        blockBytes = 2L * TILE_BYTES * config.attention().numKvHeads();
        layerBytes = blockBytes * limits.numKvBlocks();
        stateBytes = (long) Short.BYTES * config.convStateLength() * config.hiddenSize();
        slotBytes = stateBytes * config.numConvLayers();
        keysValues = device.allocate("KV blocks", Math.max(1, layerBytes * config.numAttentionLayers()));
        // A fork copies whole blocks, of which the last is full only in part.
        stream.fill(keysValues, 0, keysValues.sizeBytes(), (byte) 0);
        states = device.allocate("conv slots", Math.max(1, slotBytes * limits.numConvSlots()));
        snapshots = device.allocate("conv snapshots", Math.max(1, slotBytes * limits.numSnapshots()));
        angles = device.allocate("rotary angles", (long) ANGLES_BYTES * limits.maxModelLen());
        blockTokens = device.allocate(
                "block tokens", (long) Integer.BYTES * ModelLimits.BLOCK_TOKENS * limits.numKvBlocks());
        lastSampled = device.allocate("last sampled tokens", (long) Integer.BYTES * limits.numConvSlots());
        stream.fill(lastSampled, 0, lastSampled.sizeBytes(), (byte) 0);
        blockTables = device.allocate(
                "block tables", (long) Integer.BYTES * limits.numConvSlots() * limits.maxBlocksPerSeq());
        stream.fill(blockTables, 0, blockTables.sizeBytes(), UNSET);
        RopeTable table = new RopeTable(config.attention().ropeTheta(), limits.maxModelLen());
        table.ensure(limits.maxModelLen());
        copyAngles(stream, table, limits.maxModelLen());
    }

    private void copyAngles(Stream stream, RopeTable table, int numPositions) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(angles.sizeBytes(), Float.BYTES);
            for (int p = 0; p < numPositions; p++) {
                long row = (long) p * ANGLES_BYTES;
                int from = p * RopeTable.HALF;
                MemorySegment.copy(table.cos(), from, rows, ValueLayout.JAVA_FLOAT, row, RopeTable.HALF);
                MemorySegment.copy(
                        table.sin(), from, rows, ValueLayout.JAVA_FLOAT, row + ANGLES_BYTES / 2, RopeTable.HALF);
            }
            stream.copyToDevice(angles, 0, rows, 0, angles.sizeBytes());
        }
    }

    /** Address of a layer's blocks. */
    long keysValues(int attentionLayer) {
        return keysValues.address() + attentionLayer * layerBytes;
    }

    /** Bytes of a block in one layer. */
    long blockBytes() {
        return blockBytes;
    }

    /** Address of a layer's state in the first slot. */
    long states(int convLayer) {
        return states.address() + convLayer * stateBytes;
    }

    /** Address of a layer's state in the first snapshot. */
    long snapshots(int convLayer) {
        return snapshots.address() + convLayer * stateBytes;
    }

    /** Elements from a slot to the next, and from a snapshot to the next. */
    long slotStride() {
        return slotBytes / Short.BYTES;
    }

    /** Address of the angles. */
    long angles() {
        return angles.address();
    }

    /** The token of each KV slot. */
    DeviceMemory blockTokens() {
        return blockTokens;
    }

    /** The token that each conv slot sampled last. */
    DeviceMemory lastSampled() {
        return lastSampled;
    }

    /** All block tables. */
    DeviceMemory blockTables() {
        return blockTables;
    }

    /** All KV blocks. */
    DeviceMemory keysValues() {
        return keysValues;
    }

    /** All conv slots. */
    DeviceMemory states() {
        return states;
    }

    /** All snapshots. */
    DeviceMemory snapshots() {
        return snapshots;
    }

    @Override
    public void close() {
        lastSampled.close();
        blockTokens.close();
        blockTables.close();
        angles.close();
        snapshots.close();
        states.close();
        keysValues.close();
    }
}
