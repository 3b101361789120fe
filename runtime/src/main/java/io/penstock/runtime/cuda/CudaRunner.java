package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.LogprobsKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.model.OperationObserver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs steps on a device: one upload, the step's operations or the graph that replays them, sampling, one download, one
 * event. A sampled token stays on the device as the next step's input, so that a step is launched before the one
 * before it is awaited.
 */
public final class CudaRunner implements ModelRunner {
    private static final Logger LOG = LoggerFactory.getLogger(CudaRunner.class);

    private static final String BEGIN_STEP = "beginStep";

    private final CudaModel model;
    private final Device device;
    private final Stream stream;
    private final Closing closing = new Closing();
    private final DeviceSampler sampler;
    private final DecodeGraphs graphs;
    private final GraphMode graphMode;
    private final OperationObserver observer;
    private final InFlight[] steps = new InFlight[MAX_STEPS_IN_FLIGHT];
    private long numLaunched;
    private long numAwaited;
    private volatile long numReplays;
    private volatile long numHalvedSteps;

    /** What is kept of a step until it is awaited. */
    private static final class InFlight {
        final Event done;
        final PinnedMemory pinned;
        final LogprobsKernel.Result logprobs;
        final ResultRows rows;
        final StepResult result;
        boolean hasLogprobs;
        int numSeqs;
        int numTokens;
        int graphRows;

        InFlight(Event done, PinnedMemory pinned, LogprobsKernel.Result logprobs, int maxNumLogits) {
            this.done = done;
            this.pinned = pinned;
            this.logprobs = logprobs;
            rows = new ResultRows(maxNumLogits);
            result = new StepResult(maxNumLogits);
        }
    }

    /**
     * Takes over the model and its device and closes them at the end.
     *
     * @param numValidTokens vocabulary rows with a token; the padding rows behind them are never sampled
     */
    public CudaRunner(CudaModel model, CudaOptions options, int numValidTokens, int[] eosTokenIds) {
        this.model = model;
        device = model.device();
        stream = model.stream();
        graphMode = options.graphs();
        observer = options.observer();
        ModelLimits limits = model.limits();
        closing.add(device);
        closing.add(model);
        int vocab = model.logits().columns();
        sampler = closing.add(new DeviceSampler(device, stream, model.ops(), model.samplerMemory(), limits,
                new DeviceSampler.Vocabulary(
                        vocab, Math.min(numValidTokens, model.config().vocabSize()), eosTokenIds)));
        sampler.chooseInHead(true);
        for (int i = 0; i < steps.length; i++) {
            PinnedMemory pinned = closing.add(device.allocatePinned("results", sampler.resultBytes()));
            steps[i] = new InFlight(closing.add(device.createEvent()), pinned, sampler.logprobsIn(pinned.segment()),
                    limits.maxNumLogits());
        }
        int[] sizes = options.resolvedSizes(limits.maxNumSeqs());
        graphs = closing.add(new DecodeGraphs(stream, model.ops().batch(), sizes, limits, this::compute));
        stream.synchronize();
        if (graphMode == GraphMode.START) {
            long start = System.nanoTime();
            graphs.captureAll();
            LOG.info("captured decode steps of {} sizes in {} ms", sizes.length,
                    (System.nanoTime() - start) / 1_000_000);
        }
    }

    @Override
    public ModelLimits limits() {
        return model.limits();
    }

    @Override
    public void startSequence(
            int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        sampler.start(convSlot, params, tokenIds, promptLength, numTokens);
    }

    @Override
    public void launch(ForwardBatch batch) {
        if (numLaunched - numAwaited == MAX_STEPS_IN_FLIGHT) {
            throw new IllegalStateException(MAX_STEPS_IN_FLIGHT + " steps are in flight already");
        }
        InFlight step = steps[(int) (numLaunched % MAX_STEPS_IN_FLIGHT)];
        step.rows.keep(batch);
        step.numSeqs = batch.numSeqs();
        step.numTokens = batch.numTokens();
        step.graphRows = graphs.rowsFor(batch);
        step.hasLogprobs = sampler.wantsLogprobs(batch);
        try {
            queue(step, batch);
        } catch (DeviceException e) {
            throw failure(step, numLaunched, "could not be launched", e);
        }
        numLaunched++;
        if (graphMode == GraphMode.BACKGROUND && !graphs.isComplete()) {
            graphs.captureNext(batch);
        }
    }

    private void queue(InFlight step, ForwardBatch batch) {
        String kind = step.graphRows > 0 ? "step by graph" : "step";
        observer.before(kind);
        observer.before(BEGIN_STEP);
        model.ops().beginStep(batch, Math.max(step.graphRows, batch.numTokens()));
        sampler.beginStep(batch);
        observer.after(BEGIN_STEP);
        numHalvedSteps = numHalvedSteps + (model.ops().batch().numFirst() > 0 ? 1 : 0);
        if (step.graphRows > 0) {
            graphs.replay(step.graphRows);
            numReplays = numReplays + 1;
        } else if (batch.numTokens() > 0) {
            compute(batch);
        }
        if (step.hasLogprobs) {
            model.logits().useRows(batch.numLogits());
            sampler.logprobs(model.logits());
        }
        sampler.copyResults(step.pinned.segment(), batch.numLogits(), step.hasLogprobs);
        stream.record(step.done);
        observer.after(kind);
    }

    /** What a graph replays: all between the batch's upload and the log probabilities. */
    private void compute(ForwardBatch batch) {
        model.compute(batch);
        if (batch.numLogits() > 0) {
            observer.before(StepProbe.SAMPLE);
            sampler.sample(model.logits());
            observer.after(StepProbe.SAMPLE);
        }
    }

    @Override
    public StepResult await() {
        if (numAwaited == numLaunched) {
            throw new IllegalStateException("no step is in flight");
        }
        InFlight step = steps[(int) (numAwaited % MAX_STEPS_IN_FLIGHT)];
        try {
            step.done.synchronize();
        } catch (DeviceException e) {
            throw failure(step, numAwaited, "failed", e);
        }
        DeviceSampler.read(step.pinned.segment(), step.hasLogprobs ? step.logprobs : null, step.rows, step.result);
        numAwaited++;
        return step.result;
    }

    /** A device says that work failed, not which: this says what the step was, and how to learn the kernel. */
    private static DeviceException failure(InFlight step, long number, String how, DeviceException e) {
        String what = "step " + number + " of " + step.numSeqs + " sequences and " + step.numTokens + " tokens, "
                + (step.graphRows > 0 ? "replayed from the graph of " + step.graphRows : "launched directly");
        DeviceException named = new DeviceException(e.call(), e.code(), e.name(),
                what + ", " + how + (e.suspects().isEmpty() ? "" : " (--sync-launches tells which kernel)") + ": "
                        + e.context(), e.suspects());
        named.initCause(e);
        return named;
    }

    @Override
    public long numGraphReplays() {
        return numReplays;
    }

    /** Steps that were run as two halves. */
    public long numHalvedSteps() {
        return numHalvedSteps;
    }

    /** Batch sizes whose graph is captured. */
    public int numGraphs() {
        return graphs.numCaptured();
    }

    @Override
    public void close() {
        try {
            device.synchronize();
        } catch (DeviceException | IllegalStateException e) {
            LOG.debug("the device cannot be waited for any more", e);
        }
        closing.close();
    }
}
