package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.ObservedOps;
import io.penstock.runtime.model.OperationObserver;
import io.penstock.runtime.model.Trace;

/**
 * Steps of given sizes on a model with everything of a real step but somebody who reads the tokens, to time or count
 * them. The device is the caller's.
 */
public final class StepProbe implements AutoCloseable {
    /** Sampling's name beside those of {@link io.penstock.runtime.model.Ops}. */
    public static final String SAMPLE = "sample";

    /** A value of about 0.01 as bfloat16, in both bytes: what KV blocks and conv states hold. */
    private static final byte PATTERN = 0x3C;

    private final CudaModel model;
    private final DeviceSampler sampler;
    private final OperationObserver observer;
    private final ForwardPass observed;
    private final ForwardBatch batch;
    private final DecodeGraphs graphs;

    /** Limits that hold a decode step of so many sequences with so many tokens each, and a prompt of as many. */
    public static ModelLimits limits(int numSeqs, int context) {
        return new ModelLimits(numSeqs, Math.max(numSeqs, context), context,
                Math.multiplyExact(numSeqs, ModelLimits.blocksFor(context)), 0);
    }

    /**
     * Loads a model.
     *
     * @param options how it runs, of which graphs and observer do not count
     * @param observer told of each operation of {@link #observe}
     */
    public StepProbe(Device device, ModelTensors tensors, ModelLimits limits, CudaOptions options,
            OperationObserver observer) {
        this.observer = observer;
        model = new CudaModel(device, tensors, limits, options, _ -> { });
        CudaOps ops = model.ops();
        int vocab = model.logits().columns();
        sampler = new DeviceSampler(device, model.stream(), ops, model.samplerMemory(), limits,
                new DeviceSampler.Vocabulary(vocab, model.config().vocabSize(), new int[0]));
        sampler.chooseInHead(true);
        observed = new ForwardPass(model.weights().weights(),
                new ObservedOps(ops, observer, model.weights().weights()), model.activations(), Trace.NONE);
        batch = new ForwardBatch(limits);
        graphs = new DecodeGraphs(model.stream(), ops.batch(), new int[] {limits.maxNumSeqs()}, limits, this::compute);
        CudaMemory memory = ops.memory();
        stream().fill(memory.keysValues(), 0, memory.keysValues().sizeBytes(), PATTERN);
        stream().fill(memory.states(), 0, memory.states().sizeBytes(), PATTERN);
        for (int slot = 0; slot < limits.maxNumSeqs(); slot++) {
            sampler.start(slot, SamplingParams.greedy(limits.maxModelLen()), new int[] {slot % vocab}, 1, 1);
        }
    }

    /** Where all is queued. */
    public Stream stream() {
        return model.stream();
    }

    /** The batch of the next steps: {@code numSeqs} sequences, each with its last of {@code context} tokens. */
    public void useDecode(int numSeqs, int context) {
        batch.clear();
        int numBlocks = ModelLimits.blocksFor(context);
        for (int slot = 0; slot < numSeqs; slot++) {
            for (int i = 0; i < numBlocks; i++) {
                if (batch.blockUpdateRoom() == 0) {
                    updateBlocks();
                }
                batch.setBlock(slot, i, slot * numBlocks + i);
            }
        }
        updateBlocks();
        fillDecode(batch, numSeqs, context);
    }

    /** A step that changes block tables alone: they grew over many steps. */
    private void updateBlocks() {
        model.ops().beginStep(batch);
        stream().synchronize();
        batch.clear();
    }

    /** Adds sequences that decode, each with the last of {@code context} tokens, in blocks of its own. */
    static void fillDecode(ForwardBatch batch, int numSeqs, int context) {
        int numBlocks = ModelLimits.blocksFor(context);
        for (int slot = 0; slot < numSeqs; slot++) {
            int block = slot * numBlocks + numBlocks - 1;
            batch.sample(batch.addDecode(slot, ForwardBatch.LAST_SAMPLED, context - 1,
                    block * ModelLimits.BLOCK_TOKENS + (context - 1) % ModelLimits.BLOCK_TOKENS));
        }
    }

    /** The batch of the next steps: a prompt of so many tokens. */
    public void usePrefill(int numTokens) {
        batch.clear();
        int[] blocks = new int[ModelLimits.blocksFor(numTokens)];
        int[] tokenIds = new int[numTokens];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = i;
            batch.setBlock(0, i, i);
        }
        for (int i = 0; i < numTokens; i++) {
            tokenIds[i] = (int) (i * 2_654_435_761L % model.config().vocabSize());
        }
        batch.sample(batch.addSequence(0, tokenIds, 0, numTokens, 0, blocks));
    }

    /** Queues a step whose operations the observer is told of. */
    public void observe() {
        observed.run(batch);
        observer.before(SAMPLE);
        sampler.sample(model.logits());
        observer.after(SAMPLE);
    }

    /** Queues a step as the runner would launch it directly. */
    public void launch() {
        model.ops().beginStep(batch);
        compute(batch);
    }

    /** Queues the step as the runner would replay it; for decode batches of all sequences. */
    public void replay() {
        if (!graphs.isComplete()) {
            graphs.captureAll();
        }
        model.ops().beginStep(batch, batch.numSeqs());
        graphs.replay(batch.numSeqs());
    }

    private void compute(ForwardBatch step) {
        model.compute(step);
        sampler.sample(model.logits());
    }

    /** Whether decode steps of all sequences are run as two halves. */
    public boolean hasHalves() {
        return model.hasHalves(model.limits().maxNumSeqs());
    }

    /** Launches, copies and fills of the graph that {@link #replay} uses. */
    public int numGraphNodes() {
        graphs.captureAll();
        return graphs.numNodes();
    }

    @Override
    public void close() {
        stream().synchronize();
        graphs.close();
        sampler.close();
        model.close();
    }
}
