package io.penstock.runtime.cuda;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.Ops;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** A model, such as one of {@code goldens/models}, on the emulator, where any fault ends the test; by slot. */
final class DeviceHarness implements AutoCloseable {
    static final ModelLimits LIMITS = new ModelLimits(24, 96, 320, 24, 4);

    final EmulatorDevice device = new EmulatorDevice(EmulatorOptions.failing());
    final ModelConfig config;
    final DeviceWorkspace workspace;
    final DeviceWeights weights;
    final DeviceReader reader;
    final ForwardBatch batch = new ForwardBatch(LIMITS);
    private final ModelTensors checkpoint;
    private final CpuBackend twin;
    private Ops ops;
    private ForwardPass forward;

    DeviceHarness(String name) {
        this(Checkpoint.open(Goldens.path("models/" + name)));
    }

    /** Takes over the tensors. */
    DeviceHarness(ModelTensors tensors) {
        checkpoint = tensors;
        config = checkpoint.config();
        workspace = new DeviceWorkspace(device, config, LIMITS);
        weights = new DeviceWeights(device, workspace.stream(), checkpoint, _ -> { });
        reader = new DeviceReader(device, workspace, weights, config, LIMITS);
        twin = new CpuBackend(config, LIMITS);
        use(direct -> direct, Trace.NONE);
    }

    /** The operations of the steps from here on, made of the device's, and who looks at the tensors. */
    void use(UnaryOperator<Ops> with, Trace trace) {
        ops = with.apply(workspace.ops());
        forward = new ForwardPass(weights.weights(), ops, workspace.activations(), trace);
    }

    /** Each operation is compared with its twin from here on. */
    TwinOps useTwins() {
        TwinOps twins = new TwinOps(workspace.ops(), reader, twin, config, LIMITS);
        use(_ -> twins, Trace.NONE);
        return twins;
    }

    static int[] blocks(int slot) {
        int[] blocks = new int[LIMITS.maxBlocksPerSeq()];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = (i * 4 + slot * 3) % LIMITS.numKvBlocks();
        }
        return blocks;
    }

    /** Adds tokens of a sequence and asks for the logits of all of them, or of the last. */
    int add(int slot, int[] tokens, int from, int n, boolean allLogits) {
        int[] blocks = blocks(slot);
        for (int i = from / ModelLimits.BLOCK_TOKENS; i < ModelLimits.blocksFor(from + n); i++) {
            batch.setBlock(slot, i, blocks[i]);
        }
        int seq = batch.addSequence(slot, tokens, from, n, from, blocks);
        for (int t = batch.firstToken(seq); t < batch.firstToken(seq + 1); t++) {
            if (allLogits || t == batch.firstToken(seq + 1) - 1) {
                batch.computeLogits(seq, t);
            }
        }
        return seq;
    }

    /** Runs what was added and empties the batch; logits [rows asked for][vocab]. */
    float[][] run() {
        forward.run(batch);
        Tensor logits = workspace.activations().head().logits();
        float[] all = batch.numLogits() == 0 ? new float[0] : reader.float32(logits);
        float[][] rows = new float[batch.numLogits()][];
        for (int r = 0; r < rows.length; r++) {
            rows[r] = Arrays.copyOfRange(all, r * logits.columns(), r * logits.columns() + config.vocabSize());
        }
        batch.clear();
        return rows;
    }

    @Override
    public void close() {
        twin.close();
        weights.close();
        workspace.close();
        device.close();
        checkpoint.close();
    }
}
