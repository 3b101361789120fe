package io.penstock.runtime.cuda;

import static io.penstock.runtime.cuda.DeviceBackend.tensor;
import static io.penstock.runtime.cuda.DeviceBackend.weight;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.DeviceBuffers.Buffer;
import io.penstock.runtime.model.LayerOperator;

/** Those of {@link DeviceBackend}'s operations that attention layers have, and the KV blocks. */
final class DeviceHeadsBackend {
    private static final int HEAD_DIM = 64;

    private final Device device;
    private final Stream stream;
    private final ModelConfig config;
    private final ModelLimits limits;
    private final CudaOps ops;

    DeviceHeadsBackend(Device device, Stream stream, ModelConfig config, ModelLimits limits, CudaOps ops) {
        this.device = device;
        this.stream = stream;
        this.config = config;
        this.limits = limits;
        this.ops = ops;
    }

    float[] qkNormRopeStore(
            float[] qkv, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int rows = batch.numTokens();
            int columns = qkv.length / rows;
            Buffer heads = buffers.inOut("qkv", qkv);
            Buffer q = buffers.bf16("q_layernorm", qNorm);
            Buffer k = buffers.bf16("k_layernorm", kNorm);
            ops.beginStep(batch);
            ops.qkNormRopeStore(
                    tensor(heads, rows, columns), weight(q, HEAD_DIM), weight(k, HEAD_DIM), attentionLayer, batch);
            return queries(buffers.readBf16(heads), rows);
        }
    }

    private float[] queries(float[] qkv, int rows) {
        int columns = qkv.length / rows;
        int width = config.attention().queryWidth();
        float[] queries = new float[rows * width];
        for (int t = 0; t < rows; t++) {
            System.arraycopy(qkv, t * columns, queries, t * width, width);
        }
        return queries;
    }

    float[] qkvNormRopeStore(
            float[] x, float[] qkvProj, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int rows = batch.numTokens();
            int k = x.length / rows;
            int columns = qkvProj.length / k;
            Buffer heads = buffers.output("qkv", 2L * rows * columns);
            var attention = new LayerOperator.Attention(buffers.matrices("qkv_proj", qkvProj, columns, k, ops.format()),
                    weight(buffers.bf16("q_layernorm", qNorm), HEAD_DIM),
                    weight(buffers.bf16("k_layernorm", kNorm), HEAD_DIM), null, attentionLayer);
            ops.beginStep(batch);
            ops.qkvNormRopeStore(
                    tensor(heads, rows, columns), tensor(buffers.bf16("x", x), rows, k), attention, batch);
            return queries(buffers.readBf16(heads), rows);
        }
    }

    float[] attention(float[] qkv, int attentionLayer, ForwardBatch batch) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int rows = batch.numTokens();
            int columns = qkv.length / rows;
            int width = config.attention().queryWidth();
            Buffer out = buffers.output("out", 2L * rows * width);
            Buffer heads = buffers.bf16("qkv", qkv);
            ops.beginStep(batch);
            ops.attention(tensor(out, rows, width), tensor(heads, rows, columns), attentionLayer, batch);
            return buffers.readBf16(out);
        }
    }

    private long blockOffset(int attentionLayer, int block) {
        return ((long) attentionLayer * limits.numKvBlocks() + block) * ops.memory().blockBytes();
    }

    /** Where a value [kv heads, 2, tokens, dims] lies in a block, whose tiles are images. */
    private static int placeInBlock(int i) {
        int inTile = i % (ModelLimits.BLOCK_TOKENS * HEAD_DIM);
        return i - inTile + QkNormRopeStoreKernel.tileOffset(inTile / HEAD_DIM, inTile % HEAD_DIM);
    }

    float[] block(int attentionLayer, int block) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            float[] image = buffers.readBf16(ops.memory().keysValues(), blockOffset(attentionLayer, block),
                    (int) (ops.memory().blockBytes() / Short.BYTES));
            float[] copy = new float[image.length];
            for (int i = 0; i < copy.length; i++) {
                copy[i] = image[placeInBlock(i)];
            }
            return copy;
        }
    }

    void setBlock(int attentionLayer, int block, float[] keysValues) {
        float[] image = new float[keysValues.length];
        for (int i = 0; i < image.length; i++) {
            image[placeInBlock(i)] = keysValues[i];
        }
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            buffers.writeBf16(ops.memory().keysValues(), blockOffset(attentionLayer, block), image);
        }
    }

    float[] keyValue(int attentionLayer, int slot, int kvHead) {
        int tile = ModelLimits.BLOCK_TOKENS * HEAD_DIM;
        int block = slot / ModelLimits.BLOCK_TOKENS;
        long head = (((long) attentionLayer * limits.numKvBlocks() + block) * config.attention().numKvHeads() + kvHead)
                * 2 * tile;
        int token = slot % ModelLimits.BLOCK_TOKENS;
        float[] copy = new float[2 * HEAD_DIM];
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            for (int part = 0; part < 2; part++) {
                float[] row = buffers.readBf16(
                        ops.memory().keysValues(), 2 * (head + (long) part * tile + token * HEAD_DIM), HEAD_DIM);
                for (int d = 0; d < HEAD_DIM; d++) {
                    copy[part * HEAD_DIM + d] = row[QkNormRopeStoreKernel.tileOffset(token, d) - token * HEAD_DIM];
                }
            }
        }
        return copy;
    }
}
