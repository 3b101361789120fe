package io.penstock.runtime.cpu;

import io.penstock.runtime.BlockTables;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * KV blocks and their tables, conv slots, snapshots and swap space, allocated once.
 *
 * <pre>
 *   keysValues[attention layer]: [block][kv head][ K: 64 dims x 64 tokens | V: 64 tokens x 64 dims ]
 *   convStates[conv layer]:      [slot][taps - 1, oldest first][hidden]
 *   snapshots[conv layer]:       [snapshot][taps - 1, oldest first][hidden]
 *   swapped...[layer]:           the same with swap blocks and swap slots
 * </pre>
 *
 * Keys lie transposed, so that the scores of a block's 64 tokens are sums over rows and need no sum across lanes.
 */
final class CpuMemory {
    static final int TILE = ModelLimits.BLOCK_TOKENS * RopeTable.HEAD_DIM;

    private final int numKvHeads;
    private final int stateColumns;
    private final int hidden;
    private final BlockTables blockTables;
    private final float[][] keysValues;
    private final float[][] convStates;
    private final float[][] snapshots;
    private final float[][] swappedKeysValues;
    private final float[][] swappedStates;

    CpuMemory(ModelConfig config, ModelLimits limits) {
        numKvHeads = config.attention().numKvHeads();
        stateColumns = config.dimensions().convLCache() - 1;
        hidden = config.hiddenSize();
        blockTables = new BlockTables(limits);
        keysValues = layers(config.numAttentionLayers(), limits.numKvBlocks(), blockFloats());
        convStates = layers(config.numConvLayers(), limits.numConvSlots(), stateFloats());
        snapshots = layers(config.numConvLayers(), limits.numSnapshots(), stateFloats());
        swappedKeysValues = layers(config.numAttentionLayers(), limits.numSwapBlocks(), blockFloats());
        swappedStates = layers(config.numConvLayers(), limits.numSwapSlots(), stateFloats());
    }

    private static float[][] layers(int numLayers, int number, int floats) {
        return new float[numLayers][Math.multiplyExact(number, floats)];
    }

    private int blockFloats() {
        return 2 * numKvHeads * TILE;
    }

    private int stateFloats() {
        return stateColumns * hidden;
    }

    /** Does the copies of a batch, one after the other. */
    void copy(ForwardBatch batch) {
        for (int i = 0; i < batch.numCopies(); i++) {
            int from = batch.copyFrom(i);
            int to = batch.copyTo(i);
            switch (batch.copyKind(i)) {
                case BLOCK -> copy(keysValues, from, keysValues, to, blockFloats());
                case BLOCK_TO_HOST -> copy(keysValues, from, swappedKeysValues, to, blockFloats());
                case BLOCK_FROM_HOST -> copy(swappedKeysValues, from, keysValues, to, blockFloats());
                case SLOT_TO_HOST -> copy(convStates, from, swappedStates, to, stateFloats());
                case SLOT_FROM_HOST -> copy(swappedStates, from, convStates, to, stateFloats());
            }
        }
    }

    private static void copy(float[][] source, int from, float[][] target, int to, int floats) {
        for (int layer = 0; layer < source.length; layer++) {
            System.arraycopy(source[layer], from * floats, target[layer], to * floats, floats);
        }
    }

    BlockTables blockTables() {
        return blockTables;
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
        return slot * stateFloats();
    }
}
