package io.penstock.runtime.cpu;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * KV blocks, conv slots and snapshots, allocated once.
 *
 * <pre>
 *   keysValues[attention layer]: [block][kv head][ K: 64 dims x 64 tokens | V: 64 tokens x 64 dims ]
 *   convStates[conv layer]:      [slot][taps - 1, oldest first][hidden]
 *   snapshots[conv layer]:       [snapshot][taps - 1, oldest first][hidden]
 * </pre>
 *
 * Keys lie transposed, so that the scores of a block's 64 tokens are sums over rows and need no sum across lanes.
 */
final class CpuMemory {
    static final int TILE = ModelLimits.BLOCK_TOKENS * RopeTable.HEAD_DIM;

    private final int numKvHeads;
    private final int stateColumns;
    private final int hidden;
    private final float[][] keysValues;
    private final float[][] convStates;
    private final float[][] snapshots;

    CpuMemory(ModelConfig config, ModelLimits limits) {
        numKvHeads = config.attention().numKvHeads();
        stateColumns = config.dimensions().convLCache() - 1;
        hidden = config.hiddenSize();
        long blockFloats = 2L * numKvHeads * TILE;
        keysValues = new float[config.numAttentionLayers()][Math.toIntExact(limits.numKvBlocks() * blockFloats)];
        int stateFloats = stateColumns * hidden;
        convStates = new float[config.numConvLayers()][Math.multiplyExact(limits.numConvSlots(), stateFloats)];
        snapshots = new float[config.numConvLayers()][Math.multiplyExact(limits.numSnapshots(), stateFloats)];
    }

    float[] keysValues(int attentionLayer) {
        return keysValues[attentionLayer];
    }

    /** Where the transposed keys of a block's head start; its values follow {@link #TILE} floats later. */
    int keys(int block, int kvHead) {
        return (block * numKvHeads + kvHead) * 2 * TILE;
    }

    float[] convStates(int convLayer) {
        return convStates[convLayer];
    }

    float[] snapshots(int convLayer) {
        return snapshots[convLayer];
    }

    /** Where the state of a slot or snapshot starts. */
    int state(int slot) {
        return slot * stateColumns * hidden;
    }
}
