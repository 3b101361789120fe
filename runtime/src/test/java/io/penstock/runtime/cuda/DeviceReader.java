package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Weight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what a model has on a device, and writes into it. */
final class DeviceReader {
    private static final int HEAD_DIM = 64;
    private static final int TILE = ModelLimits.BLOCK_TOKENS * HEAD_DIM;

    private final Device device;
    private final Stream stream;
    private final CudaMemory memory;
    private final ModelConfig config;
    private final ModelLimits limits;
    private final List<DeviceMemory> memories = new ArrayList<>();
    private final DeviceWeights weights;
    private final Map<Weight, float[]> known = new HashMap<>();

    DeviceReader(Device device, DeviceWorkspace workspace, DeviceWeights weights, ModelConfig config,
            ModelLimits limits) {
        this.device = device;
        this.stream = workspace.stream();
        this.memory = workspace.ops().memory();
        this.weights = weights;
        this.config = config;
        this.limits = limits;
        memories.addAll(workspace.memories());
    }

    private DeviceBuffers buffers() {
        return new DeviceBuffers(device, stream);
    }

    private DeviceMemory holding(long address) {
        return memories.stream()
                .filter(m -> m.address() <= address && address < m.address() + m.sizeBytes())
                .findFirst().orElseThrow();
    }

    float[] bf16(Tensor tensor) {
        long address = ((DeviceTensor) tensor).address();
        DeviceMemory in = holding(address);
        try (DeviceBuffers buffers = buffers()) {
            return buffers.readBf16(in, address - in.address(), tensor.rows() * tensor.columns());
        }
    }

    void setBf16(Tensor tensor, float[] values) {
        long address = ((DeviceTensor) tensor).address();
        DeviceMemory in = holding(address);
        try (DeviceBuffers buffers = buffers()) {
            buffers.writeBf16(in, address - in.address(), values);
        }
    }

    float[] float32(Tensor tensor) {
        return float32(((DeviceTensor) tensor).address(), tensor.rows() * tensor.columns());
    }

    private float[] float32(long address, int length) {
        DeviceMemory in = holding(address);
        try (DeviceBuffers buffers = buffers()) {
            return buffers.readFloat32(in, address - in.address(), length);
        }
    }

    private int[] ints(DeviceMemory in, long offsetBytes, int length) {
        try (DeviceBuffers buffers = buffers()) {
            float[] bits = buffers.readFloat32(in, offsetBytes, length);
            int[] values = new int[length];
            for (int i = 0; i < length; i++) {
                values[i] = Float.floatToRawIntBits(bits[i]);
            }
            return values;
        }
    }

    private int[] ints(long address, int length) {
        DeviceMemory in = holding(address);
        return ints(in, address - in.address(), length);
    }

    float[] weight(Weight weight) {
        return known.computeIfAbsent(weight, w -> {
            try (DeviceBuffers buffers = buffers()) {
                return weights.read(buffers, (DeviceWeight) w);
            }
        });
    }

    Choice choice(Routing routing, int numTokens) {
        DeviceRouting on = (DeviceRouting) routing;
        int numPairs = numTokens * on.expertsPerToken();
        return new Choice(config.moe().numExperts(), on.expertsPerToken(), ints(on.addresses().expertIds(), numPairs),
                float32(on.addresses().weights(), numPairs));
    }

    /** Puts other experts and weights into a routing; they still have to be grouped. */
    void setChoice(Routing routing, int[] expertIds, float[] routingWeights) {
        DeviceRouting on = (DeviceRouting) routing;
        DeviceMemory in = holding(on.addresses().expertIds());
        try (DeviceBuffers buffers = buffers()) {
            for (int p = 0; p < expertIds.length; p++) {
                long at = 4L * p;
                buffers.writeInt(in, on.addresses().expertIds() - in.address() + at, expertIds[p]);
                buffers.writeInt(in, on.addresses().weights() - in.address() + at,
                        Float.floatToRawIntBits(routingWeights[p]));
            }
        }
    }

    int lastSampled(int convSlot) {
        return ints(memory.lastSampled(), 4L * convSlot, 1)[0];
    }

    /** The KV block at a place of a slot's table. */
    int block(int convSlot, int index) {
        return ints(memory.blockTables(), 4L * (convSlot * limits.maxBlocksPerSeq() + index), 1)[0];
    }

    private float[] state(DeviceMemory states, int convLayer, int slot) {
        long offset = 2L * (slot * memory.slotStride() + 2L * convLayer * config.hiddenSize());
        try (DeviceBuffers buffers = buffers()) {
            return buffers.readBf16(states, offset, 2 * config.hiddenSize());
        }
    }

    float[] convState(int convLayer, int slot) {
        return state(memory.states(), convLayer, slot);
    }

    float[] snapshot(int convLayer, int snapshot) {
        return state(memory.snapshots(), convLayer, snapshot);
    }

    /** Keys and values [kv heads, 2, 64 tokens, 64] of a block. */
    float[] keysValues(int attentionLayer, int block) {
        int numKvHeads = config.attention().numKvHeads();
        float[] values = new float[numKvHeads * 2 * TILE];
        long offset = 2L * values.length * ((long) attentionLayer * limits.numKvBlocks() + block);
        float[] image;
        try (DeviceBuffers buffers = buffers()) {
            image = buffers.readBf16(memory.keysValues(), offset, values.length);
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = image[i / TILE * TILE
                    + QkNormRopeStoreKernel.tileOffset(i % TILE / HEAD_DIM, i % HEAD_DIM)];
        }
        return values;
    }

    float[] keyValue(int attentionLayer, int slot, int kvHead) {
        float[] all = keysValues(attentionLayer, slot / ModelLimits.BLOCK_TOKENS);
        float[] copy = new float[2 * HEAD_DIM];
        for (int part = 0; part < 2; part++) {
            System.arraycopy(all, (kvHead * 2 + part) * TILE + slot % ModelLimits.BLOCK_TOKENS * HEAD_DIM, copy,
                    part * HEAD_DIM, HEAD_DIM);
        }
        return copy;
    }
}
