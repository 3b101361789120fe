package io.penstock.runtime.cpu;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.Activations;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.ModelLoader;
import io.penstock.runtime.model.ModelWeights;
import io.penstock.runtime.model.Trace;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * A model with its weights, memory and forward pass on the CPU: batches in, logits out. One thread calls it; it uses
 * the cores it was given.
 */
public final class CpuModel implements AutoCloseable {
    private final ModelConfig config;
    private final ModelLimits limits;
    private final Arena arena = Arena.ofShared();
    private final WorkerPool pool;
    private final CpuOps ops;
    private final Activations activations;
    private final ForwardPass forward;
    private final long weightBytes;

    /**
     * How to run.
     *
     * @param numThreads threads, the calling one included
     * @param trace sees the tensors of each step; {@link Trace#NONE} in production
     */
    public record Options(Arithmetic arithmetic, CpuKernels kernels, int numThreads, Trace trace) {
        /** All cores, the machine's best kernels. */
        public static Options defaults(Arithmetic arithmetic) {
            return new Options(
                    arithmetic, CpuKernels.select(), Runtime.getRuntime().availableProcessors(), Trace.NONE);
        }
    }

    /**
     * Loads the weights and allocates everything that {@code limits} asks for.
     *
     * @param layerLoaded told the number of layers read so far
     */
    public CpuModel(ModelTensors tensors, ModelLimits limits, Options options, IntConsumer layerLoaded) {
        config = tensors.config();
        this.limits = limits;
        pool = new WorkerPool(options.numThreads());
        ModelWeights weights = new ModelLoader(tensors, new CpuWeights(arena)).load(layerLoaded);
        weightBytes = weights.sizeBytes();
        ops = new CpuOps(config, limits, options.arithmetic(), options.kernels(), pool);
        activations = activations(config, limits);
        forward = new ForwardPass(weights, ops, activations, options.trace());
    }

    private static Activations activations(ModelConfig config, ModelLimits limits) {
        int tokens = limits.maxNumBatchedTokens();
        int hidden = config.hiddenSize();
        int kvWidth = config.attention().numKvHeads() * config.attention().headDim();
        int logitRows = limits.maxNumLogits();
        return new Activations(
                new CpuTensor(tokens, hidden),
                new CpuTensor(tokens, hidden),
                new Activations.Projections(
                        new CpuTensor(tokens, 3 * hidden), new CpuTensor(tokens, hidden + 2 * kvWidth)),
                new CpuTensor(tokens, hidden),
                new CpuTensor(tokens, hidden),
                experts(config, tokens),
                new Activations.Head(
                        new CpuTensor(logitRows, hidden), new CpuTensor(logitRows, config.vocabSize())));
    }

    private static Activations.Experts experts(ModelConfig config, int tokens) {
        CpuTensor dense = config.feedForward().numDenseLayers() == 0
                ? null : new CpuTensor(tokens, config.feedForward().denseWidth());
        if (!config.isMoe()) {
            return new Activations.Experts(dense, null, null, null);
        }
        int perToken = config.moe().expertsPerToken();
        return new Activations.Experts(
                dense,
                new CpuTensor(tokens * perToken, config.moe().expertWidth()),
                new CpuTensor(tokens * perToken, config.hiddenSize()),
                new CpuRouting(tokens, config.moe().numExperts(), perToken));
    }

    /**
     * Runs one step: copies, block updates, and the forward pass over the tokens, if there are any.
     *
     * @return logits [logit rows of the batch, vocab], overwritten by the next step
     */
    public float[] forward(ForwardBatch batch) {
        forward.run(batch);
        return ((CpuTensor) activations.head().logits()).values();
    }

    public ModelConfig config() {
        return config;
    }

    public ModelLimits limits() {
        return limits;
    }

    /** Memory of all weights in their packed layout. */
    public long weightBytes() {
        return weightBytes;
    }

    /** Copies a conv layer's state [taps - 1, hidden] of a slot, oldest column first. */
    public float[] convState(int convLayer, int convSlot) {
        float[] states = ops.memory().convStates(convLayer);
        int from = ops.memory().state(convSlot);
        return Arrays.copyOfRange(states, from, ops.memory().state(convSlot + 1));
    }

    /** Copies the key (after norm and RoPE) and value [2, 64] of one token slot and kv head of an attention layer. */
    public float[] keyValue(int attentionLayer, int slot, int kvHead) {
        float[] source = ops.memory().keysValues(attentionLayer);
        int keys = ops.memory().keys(slot / ModelLimits.BLOCK_TOKENS, kvHead);
        int offset = slot % ModelLimits.BLOCK_TOKENS;
        float[] copy = new float[2 * RopeTable.HEAD_DIM];
        for (int d = 0; d < RopeTable.HEAD_DIM; d++) {
            copy[d] = source[keys + d * ModelLimits.BLOCK_TOKENS + offset];
            copy[RopeTable.HEAD_DIM + d] = source[keys + CpuMemory.TILE + offset * RopeTable.HEAD_DIM + d];
        }
        return copy;
    }

    @Override
    public void close() {
        pool.close();
        arena.close();
    }
}
