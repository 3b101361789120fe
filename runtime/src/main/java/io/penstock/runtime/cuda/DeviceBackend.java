package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.InProjShortConvKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.TileTable;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.DeviceBuffers.Buffer;
import java.util.Arrays;

/** {@link CudaOps} on arrays, on a device that the caller closes after it: for checks, not for steps. */
public final class DeviceBackend implements OperationBackend {
    private final Device device;
    private final Stream stream;
    private final ModelConfig config;
    private final ModelLimits limits;
    private final StepMemory memory;
    private final CudaOps ops;
    private final DeviceExpertsBackend experts;
    private final DeviceSamplingBackend sampling;
    private final DeviceHeadsBackend heads;

    /** With memory and a stream of its own. */
    public DeviceBackend(Device device, ModelConfig config, ModelLimits limits) {
        this(device, config, limits, TileTable.BUILT_IN);
    }

    /** @param tiles how products on tiles are cut */
    DeviceBackend(Device device, ModelConfig config, ModelLimits limits, TileTable tiles) {
        this.device = device;
        this.config = config;
        this.limits = limits;
        stream = device.createStream("check");
        memory = StepMemory.whole(device, stream, config, limits);
        ops = new CudaOps(device, stream, memory, BatchPart.WHOLE, tiles);
        experts = new DeviceExpertsBackend(device, stream, limits, ops);
        sampling = new DeviceSamplingBackend(device, stream, config, limits, ops);
        heads = new DeviceHeadsBackend(device, stream, config, limits, ops);
        long kvBytes = ops.memory().keysValues().sizeBytes();
        byte half = (byte) (Float.floatToRawIntBits(UNWRITTEN) >>> 24);
        stream.fill(ops.memory().keysValues(), 0, kvBytes, half);
    }

    Device device() {
        return device;
    }

    private DeviceBuffers buffers() {
        return new DeviceBuffers(device, stream);
    }

    static DeviceTensor tensor(Buffer buffer, int rows, int columns) {
        DeviceTensor tensor = new DeviceTensor(buffer.address(), rows, columns);
        tensor.useRows(rows);
        return tensor;
    }

    static DeviceWeight weight(Buffer buffer, int columns) {
        return new DeviceWeight(buffer.address(), (int) (buffer.sizeBytes() / 2 / columns), columns);
    }

    private DeviceWeight matrix(DeviceBuffers buffers, String name, float[] values, int k) {
        return buffers.matrices(name, values, values.length / k, k, ops.format());
    }

    @Override
    public void setLastSampled(int convSlot, int tokenId) {
        try (DeviceBuffers buffers = buffers()) {
            buffers.writeInt(ops.memory().lastSampled(), (long) Integer.BYTES * convSlot, tokenId);
        }
    }

    @Override
    public int[] updateBlockTables(ForwardBatch batch) {
        try (DeviceBuffers buffers = buffers()) {
            ops.beginStep(batch);
            return buffers.readInts(ops.memory().blockTables());
        }
    }

    @Override
    public float[] embed(float[] embedTokens, ForwardBatch batch) {
        try (DeviceBuffers buffers = buffers()) {
            int hidden = config.hiddenSize();
            Buffer out = buffers.output("out", 2L * batch.numTokens() * hidden);
            DeviceWeight table = matrix(buffers, "embed_tokens", embedTokens, hidden);
            ops.beginStep(batch);
            ops.embed(tensor(out, batch.numTokens(), hidden), table, batch);
            return buffers.readBf16(out);
        }
    }

    @Override
    public float[] rmsNorm(float[] x, float[] weight, boolean inPlace) {
        try (DeviceBuffers buffers = buffers()) {
            int columns = weight.length;
            int rows = x.length / columns;
            Buffer in = inPlace ? buffers.inOut("x", x) : buffers.bf16("x", x);
            Buffer out = inPlace ? in : buffers.output("out", 2L * x.length);
            Buffer norm = buffers.bf16("weight", weight);
            ops.rmsNorm(tensor(out, rows, columns), tensor(in, rows, columns), weight(norm, columns));
            return buffers.readBf16(out);
        }
    }

    @Override
    public float[][] addRmsNorm(float[] residual, float[] update, float[] weight) {
        try (DeviceBuffers buffers = buffers()) {
            int columns = weight.length;
            int rows = residual.length / columns;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            Buffer addend = buffers.bf16("update", update);
            Buffer norm = buffers.bf16("weight", weight);
            ops.addRmsNorm(tensor(sum, rows, columns), tensor(out, rows, columns), tensor(addend, rows, columns),
                    weight(norm, columns));
            return new float[][] {buffers.readBf16(sum), buffers.readBf16(out)};
        }
    }

    @Override
    public float[] add(float[] residual, float[] update, int columns) {
        try (DeviceBuffers buffers = buffers()) {
            int rows = residual.length / columns;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer addend = buffers.bf16("update", update);
            ops.add(tensor(sum, rows, columns), tensor(addend, rows, columns));
            return buffers.readBf16(sum);
        }
    }

    @Override
    public float[] siluAndMul(float[] gateUp, int width) {
        try (DeviceBuffers buffers = buffers()) {
            int rows = gateUp.length / 2 / width;
            Buffer out = buffers.output("out", 2L * rows * width);
            Buffer in = buffers.float32("gate_up", gateUp);
            ops.siluAndMul(tensor(out, rows, width), tensor(in, rows, 2 * width));
            return buffers.readBf16(out);
        }
    }

    @Override
    public float[] siluAndMulRounded(float[] gateUp, int width) {
        try (DeviceBuffers buffers = buffers()) {
            int rows = gateUp.length / 2 / width;
            Buffer out = buffers.output("out", 2L * rows * width);
            Buffer in = buffers.bf16("gate_up", gateUp);
            ops.siluAndMulRounded(tensor(out, rows, width), tensor(in, rows, 2 * width));
            return buffers.readBf16(out);
        }
    }

    @Override
    public float[] linear(float[] x, float[] weight, int k) {
        try (DeviceBuffers buffers = buffers()) {
            int rows = x.length / k;
            int columns = weight.length / k;
            Buffer out = buffers.output("y", 2L * rows * columns);
            Buffer in = buffers.bf16("x", x);
            ops.linear(tensor(out, rows, columns), tensor(in, rows, k), matrix(buffers, "weight", weight, k));
            return buffers.readBf16(out);
        }
    }

    @Override
    public float[] logits(float[] x, float[] weight, int k) {
        try (DeviceBuffers buffers = buffers()) {
            int rows = x.length / k;
            int columns = weight.length / k;
            Buffer out = buffers.output("y", 4L * rows * columns);
            Buffer in = buffers.bf16("x", x);
            ops.logits(tensor(out, rows, columns), tensor(in, rows, k), matrix(buffers, "weight", weight, k));
            return buffers.readFloat32(out);
        }
    }

    /** Puts {@code numRows} rows of each part in turn, from {@code to} on. */
    static void interleave(float[] target, int to, int numRows, int k, float[]... parts) {
        int group = numRows * k;
        for (int from = 0; from < parts[0].length; from += group) {
            for (int part = 0; part < parts.length; part++) {
                System.arraycopy(parts[part], from, target, to + parts.length * from + part * group, group);
            }
        }
    }

    @Override
    public float[] linearSiluAndMul(float[] x, float[] gate, float[] up, int k) {
        try (DeviceBuffers buffers = buffers()) {
            int rows = x.length / k;
            int width = gate.length / k;
            float[] gateUp = new float[2 * gate.length];
            interleave(gateUp, 0, LinearKernel.GATE_UP_ROWS, k, gate, up);
            Buffer out = buffers.output("y", 2L * rows * width);
            Buffer in = buffers.bf16("x", x);
            ops.linearSiluAndMul(
                    tensor(out, rows, width), tensor(in, rows, k), matrix(buffers, "gate_up", gateUp, k));
            return buffers.readBf16(out);
        }
    }

    @Override
    public Routed addRmsNormRouteTopK(float[] residual, float[] update, float[] weight, Router router) {
        return experts.addRmsNormRouteTopK(residual, update, weight, router);
    }

    @Override
    public float[][] linearAddRmsNorm(float[] residual, float[] x, float[] weight, float[] norm) {
        return experts.linearAddRmsNorm(residual, x, weight, norm);
    }

    @Override
    public Routed linearAddRmsNormRouteTopK(
            float[] residual, float[] x, float[] weight, float[] norm, Router router) {
        return experts.linearAddRmsNormRouteTopK(residual, x, weight, norm, router);
    }

    @Override
    public float[][] groupedLinearAddRmsNorm(
            float[] residual, float[] x, float[][] downs, Choice choice, float[] weight) {
        return experts.groupedLinearAddRmsNorm(residual, x, downs, choice, weight);
    }

    @Override
    public float[] groupedLinearSiluAndMul(float[] x, float[][] gates, float[][] ups, int k, Choice choice) {
        return experts.groupedLinearSiluAndMul(x, gates, ups, k, choice);
    }

    @Override
    public float[] groupedLinear(float[] x, float[][] downs, int k, Choice choice) {
        return experts.groupedLinear(x, downs, k, choice);
    }

    @Override
    public float[][] combineAddRmsNorm(float[] residual, float[] expertOut, int expertsPerToken, float[] weight) {
        return experts.combineAddRmsNorm(residual, expertOut, expertsPerToken, weight);
    }

    @Override
    public float[][] expertsAddRmsNorm(
            float[] residual, float[] x, Experts matrices, Choice choice, float[] weight) {
        return experts.expertsAddRmsNorm(residual, x, matrices, choice, weight);
    }

    @Override
    public float[] gatherLast(float[] x, ForwardBatch batch) {
        try (DeviceBuffers buffers = buffers()) {
            int hidden = config.hiddenSize();
            Buffer out = buffers.output("out", 2L * batch.numLogits() * hidden);
            Buffer in = buffers.bf16("x", x);
            ops.beginStep(batch);
            ops.gatherLast(tensor(out, batch.numLogits(), hidden), tensor(in, batch.numTokens(), hidden), batch);
            return buffers.readBf16(out);
        }
    }

    @Override
    public float[] shortConv(float[] bcx, float[] taps, int convLayer, ForwardBatch batch) {
        try (DeviceBuffers buffers = buffers()) {
            int hidden = config.hiddenSize();
            int rows = batch.numTokens();
            Buffer out = buffers.output("out", 2L * rows * hidden);
            float[] inTurn = new float[bcx.length];
            for (int row = 0; row < 3 * rows; row += 3) {
                interleave(inTurn, row * hidden, InProjShortConvKernel.PART_ROWS, 1, parts(bcx, row * hidden, hidden));
            }
            Buffer in = buffers.bf16("bcx", inTurn);
            Buffer conv = buffers.bf16("conv", taps);
            ops.beginStep(batch);
            ops.shortConv(
                    tensor(out, rows, hidden), tensor(in, rows, 3 * hidden), weight(conv, hidden), convLayer, batch);
            return buffers.readBf16(out);
        }
    }

    /** Three parts that lie one behind the other. */
    private static float[][] parts(float[] values, int from, int length) {
        float[][] parts = new float[3][];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = Arrays.copyOfRange(values, from + i * length, from + (i + 1) * length);
        }
        return parts;
    }

    @Override
    public float[] inProjShortConv(float[] x, float[] inProj, float[] taps, int convLayer, ForwardBatch batch) {
        try (DeviceBuffers buffers = buffers()) {
            int hidden = config.hiddenSize();
            int rows = batch.numTokens();
            float[] inTurn = new float[inProj.length];
            interleave(inTurn, 0, InProjShortConvKernel.PART_ROWS, hidden, parts(inProj, 0, hidden * hidden));
            Buffer out = buffers.output("out", 2L * rows * hidden);
            Buffer bcx = buffers.output("bcx", 2L * rows * 3 * hidden);
            ops.beginStep(batch);
            ops.inProjShortConv(tensor(out, rows, hidden), tensor(bcx, rows, 3 * hidden),
                    tensor(buffers.bf16("x", x), rows, hidden), matrix(buffers, "in_proj", inTurn, hidden),
                    weight(buffers.bf16("conv", taps), hidden), convLayer, batch);
            return buffers.readBf16(out);
        }
    }

    private long stateOffset(int convLayer, int slot) {
        return 2L * (slot * ops.memory().slotStride() + 2L * convLayer * config.hiddenSize());
    }

    @Override
    public float[] convState(int convLayer, int slot) {
        try (DeviceBuffers buffers = buffers()) {
            return buffers.readBf16(
                    ops.memory().states(), stateOffset(convLayer, slot), 2 * config.hiddenSize());
        }
    }

    @Override
    public void setConvState(int convLayer, int slot, float[] state) {
        try (DeviceBuffers buffers = buffers()) {
            buffers.writeBf16(ops.memory().states(), stateOffset(convLayer, slot), state);
        }
    }

    @Override
    public float[] snapshot(int convLayer, int snapshot) {
        try (DeviceBuffers buffers = buffers()) {
            return buffers.readBf16(
                    ops.memory().snapshots(), stateOffset(convLayer, snapshot), 2 * config.hiddenSize());
        }
    }

    @Override
    public void setSnapshot(int convLayer, int snapshot, float[] state) {
        try (DeviceBuffers buffers = buffers()) {
            buffers.writeBf16(ops.memory().snapshots(), stateOffset(convLayer, snapshot), state);
        }
    }

    @Override
    public float[] qkNormRopeStore(
            float[] qkv, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch) {
        return heads.qkNormRopeStore(qkv, qNorm, kNorm, attentionLayer, batch);
    }

    @Override
    public float[] qkvNormRopeStore(
            float[] x, float[] qkvProj, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch) {
        return heads.qkvNormRopeStore(x, qkvProj, qNorm, kNorm, attentionLayer, batch);
    }

    @Override
    public float[] attention(float[] qkv, int attentionLayer, ForwardBatch batch) {
        return heads.attention(qkv, attentionLayer, batch);
    }

    @Override
    public float[] block(int attentionLayer, int block) {
        return heads.block(attentionLayer, block);
    }

    @Override
    public void setBlock(int attentionLayer, int block, float[] keysValues) {
        heads.setBlock(attentionLayer, block, keysValues);
    }

    @Override
    public float[] keyValue(int attentionLayer, int slot, int kvHead) {
        return heads.keyValue(attentionLayer, slot, kvHead);
    }

    @Override
    public void copyBlocks(ForwardBatch batch) {
        ops.beginStep(batch);
        stream.synchronize();
    }

    @Override
    public void startSequence(
            int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        sampling.startSequence(convSlot, params, tokenIds, promptLength, numTokens);
    }

    @Override
    public StepResult sample(float[] logits, ForwardBatch batch) {
        return sampling.run(logits, batch, true);
    }

    @Override
    public StepResult logprobs(float[] logits, ForwardBatch batch) {
        return sampling.run(logits, batch, false);
    }

    @Override
    public StepResult sampleFromHead(float[] x, float[] embedTokens, int k, ForwardBatch batch) {
        return sampling.sampleFromHead(x, embedTokens, k, batch);
    }

    @Override
    public void close() {
        sampling.close();
        ops.close();
        memory.close();
        stream.close();
    }
}
