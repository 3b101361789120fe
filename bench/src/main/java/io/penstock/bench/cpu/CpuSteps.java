package io.penstock.bench.cpu;

import io.penstock.bench.Benchmark;
import io.penstock.bench.Measurement;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuModel;
import java.util.Random;

/** One sequence on a CPU model, as a prefill benchmark in floating-point operations and a decode benchmark in bytes. */
public final class CpuSteps implements AutoCloseable {
    /** Context at which decode starts: short, so that weights are what it reads. */
    private static final int DECODE_CONTEXT = 16;

    private static final int DECODE_STEPS = 8;
    private static final int WARM_UP_DECODES = 12;
    private static final int WARM_UP_PREFILLS = 3;

    private final CpuModel model;
    private final ForwardBatch batch;
    private final int promptLength;
    private final int[] tokens;
    private final int[] blocks;

    /** Loads the model with room for a prompt of {@code promptLength} tokens in one step. */
    public CpuSteps(ModelTensors tensors, int promptLength, CpuModel.Options options) {
        this.promptLength = promptLength;
        int maxModelLen = promptLength + DECODE_STEPS + DECODE_CONTEXT;
        ModelLimits limits = new ModelLimits(1, promptLength, maxModelLen, ModelLimits.blocksFor(maxModelLen), 0);
        model = new CpuModel(tensors, limits, options, layers -> {});
        batch = new ForwardBatch(limits);
        tokens = new Random(1).ints(maxModelLen, 0, model.config().vocabSize()).toArray();
        blocks = new int[limits.maxBlocksPerSeq()];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = i;
            batch.setBlock(0, i, i);
        }
        model.forward(batch);
    }

    private void step(int from, int numTokens) {
        batch.clear();
        batch.sample(batch.addSequence(0, tokens, from, numTokens, from, blocks));
        model.forward(batch);
    }

    /** Bytes of weights that a decode step reads; each expert in a sparse layer counts only when it is chosen. */
    public double bytesPerDecode() {
        ModelConfig config = model.config();
        return model.weightBytes() * ((double) config.activeParameters() / config.parameters());
    }

    /** Operations of a prefill: two for each weight and token, the LM head for one row, and attention's products. */
    public double flopsPerPrefill() {
        ModelConfig config = model.config();
        double head = (double) config.vocabSize() * config.hiddenSize();
        double perToken = config.activeParameters() - head;
        double pairs = promptLength * (promptLength + 1.0) / 2;
        return 2 * (perToken * promptLength + head) + 4 * pairs * config.hiddenSize() * config.numAttentionLayers();
    }

    /** A prompt in one step; work is floating-point operations. */
    public Benchmark prefill() {
        return new Steps("prefill-" + promptLength, "FLOP", WARM_UP_PREFILLS, () -> step(0, promptLength),
                flopsPerPrefill());
    }

    /** A few tokens, one a step; work is bytes of weights. */
    public Benchmark decode() {
        return new Steps("decode", "byte", WARM_UP_DECODES, this::decodeSome, DECODE_STEPS * bytesPerDecode());
    }

    private void decodeSome() {
        for (int i = 0; i < DECODE_STEPS; i++) {
            step(DECODE_CONTEXT + i, 1);
        }
    }

    /** Steps per run of {@link #decode}. */
    public int decodeSteps() {
        return DECODE_STEPS;
    }

    @Override
    public void close() {
        model.close();
    }

    private record Steps(String name, String workUnit, int warmUps, Runnable work, double workPerRun)
            implements Benchmark {
        @Override
        public void warmUp() {
            for (int i = 0; i < warmUps; i++) {
                work.run();
            }
        }

        @Override
        public Measurement run() {
            long startNs = System.nanoTime();
            work.run();
            return new Measurement(System.nanoTime() - startNs, workPerRun);
        }
    }
}
