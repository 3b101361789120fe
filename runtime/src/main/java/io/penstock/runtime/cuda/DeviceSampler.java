package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.LogprobsKernel;
import io.penstock.kernels.SampleKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Sampling on a device: the state of every conv slot's sequence, and the operations from a step's logits to its
 * tokens. The tokens are those of {@link io.penstock.runtime.sampling.Sampler}. All methods queue on the one stream
 * and return; a step uploads nothing but token masks, and what it launches depends on the number of rows alone.
 *
 * <p>Order of a step: {@link #beginStep}, the forward pass, {@link #sample}, {@link #logprobs} where a row wants them,
 * {@link #copyResults}; once that copy is done, {@link #read}. {@link #start} may come between any two steps.
 */
final class DeviceSampler implements AutoCloseable {
    private final Stream stream;
    private final CudaOps ops;
    private final ModelLimits limits;
    private final SlotWriter writer;
    private final SampleKernel sample;
    private final LogprobsKernel logprobs;
    private final boolean[] wantsLogprobs;
    private final SamplerMemory memory;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment hostMasks;
    private final SampleKernel.RowAddresses[] rows;
    private final SampleKernel.SequenceAddresses sequences;
    private final LogprobsKernel.RowAddresses[] logprobRows;
    private final LinearKernel.SampledRows[] headRows;
    private boolean isHeadDone;

    /**
     * The tokens of a model.
     *
     * @param size rows of the LM head
     * @param numValidTokens rows with a token; the padding rows behind them are never sampled
     * @param eosTokenIds the model's end tokens
     */
    record Vocabulary(int size, int numValidTokens, int[] eosTokenIds) {}

    /**
     * Loads the kernels; nothing is allocated on the device. The operations own block tables, tokens of KV slots and
     * the batch.
     *
     * @param memory made for these limits and this vocabulary; the caller closes it after this
     */
    DeviceSampler(Device device, Stream stream, CudaOps ops, SamplerMemory memory, ModelLimits limits,
            Vocabulary vocabulary) {
        this.stream = stream;
        this.ops = ops;
        this.memory = memory;
        this.limits = limits;
        writer = new SlotWriter(arena, vocabulary, limits);
        sample = new SampleKernel(device, vocabulary.size(), vocabulary.numValidTokens(), limits.maxBlocksPerSeq());
        logprobs = new LogprobsKernel(device, vocabulary.size(), vocabulary.numValidTokens());
        wantsLogprobs = new boolean[limits.numConvSlots()];
        hostMasks = arena.allocate(memory.masks().sizeBytes(), Integer.BYTES);
        CudaMemory known = ops.memory();
        sequences = new SampleKernel.SequenceAddresses(memory.slots().address(), memory.allowed().address(),
                memory.seen().address(), known.lastSampled().address(), known.blockTables().address(),
                known.blockTokens().address());
        DeviceBatch batch = ops.batch();
        rows = new SampleKernel.RowAddresses[batch.numLayouts()];
        logprobRows = new LogprobsKernel.RowAddresses[batch.numLayouts()];
        headRows = new LinearKernel.SampledRows[batch.numLayouts()];
        for (int i = 0; i < rows.length; i++) {
            batch.use(i);
            rows[i] = new SampleKernel.RowAddresses(batch.sampledSlots(), batch.masks(), memory.masks().address());
            logprobRows[i] = new LogprobsKernel.RowAddresses(memory.results().address(), batch.scoreTargets(),
                    batch.scoreTopLogprobs(), batch.sampledSlots(), memory.slots().address());
            headRows[i] = new LinearKernel.SampledRows(memory.scratch().address(), batch.sampledSlots(),
                    batch.masks(), batch.scoreTargets(), memory.slots().address(), vocabulary.numValidTokens());
        }
    }

    /**
     * Whether the LM head of the steps from here on is told which rows sample, so that those that take their logits as
     * they are need none. Without it, and at first, all logits are written.
     */
    void chooseInHead(boolean isTold) {
        isHeadDone = ops.chooseInHead(isTold ? headRows : null);
    }

    /** Binds a conv slot to a sequence, as {@link io.penstock.runtime.ModelRunner#startSequence} says. */
    void start(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        wantsLogprobs[convSlot] = params.numLogprobs() >= 0;
        writer.write(params, tokenIds, promptLength, numTokens);
        long slotBytes = SlotWriter.SLOT_BYTES;
        stream.copyToDevice(memory.slots(), slotBytes * convSlot, writer.slot(), 0, writer.slotBytes());
        long bitmapBytes = writer.bitmapBytes();
        if (writer.hasSeen()) {
            stream.copyToDevice(memory.seen(), bitmapBytes * convSlot, writer.seen(), 0, bitmapBytes);
        }
        if (writer.hasAllowed()) {
            stream.copyToDevice(memory.allowed(), bitmapBytes * convSlot, writer.allowed(), 0, bitmapBytes);
        }
        if (numTokens > 0) {
            stream.copyToDevice(ops.memory().lastSampled(), (long) Integer.BYTES * convSlot, writer.lastToken(), 0,
                    Integer.BYTES);
        }
    }

    /** Uploads the step's token masks, if it has some. */
    void beginStep(ForwardBatch batch) {
        int numWords = batch.masks().numMasks() * batch.masks().wordsPerMask();
        if (numWords > 0) {
            MemorySegment.copy(batch.masks().words(), 0, hostMasks, ValueLayout.JAVA_INT, 0, numWords);
            stream.copyToDevice(memory.masks(), 0, hostMasks, 0, (long) Integer.BYTES * numWords);
        }
    }

    /** Samples from {@code logits} [rows, vocab] of the batch that was uploaded last; rows without a slot: nothing. */
    void sample(DeviceTensor logits) {
        sample.launch(stream, memory.results().address(), memory.scratch().address(), logits.address(),
                rows[ops.batch().layout()], sequences, isHeadDone, logits.rows());
    }

    /** Whether a row of the batch asks for log probabilities, of what it samples or of a given token. */
    boolean wantsLogprobs(ForwardBatch batch) {
        for (int row = 0; row < batch.numLogits(); row++) {
            if (batch.isScored(row) || batch.isSampled(row) && wantsLogprobs[batch.logitConvSlot(row)]) {
                return true;
            }
        }
        return false;
    }

    /** Log probabilities of what was sampled or is to be scored; only needed where {@link #wantsLogprobs} says so. */
    void logprobs(DeviceTensor logits) {
        logprobs.launch(stream, memory.results().address() + logprobsOffset(), memory.parts().address(),
                logits.address(), logprobRows[ops.batch().layout()], logits.rows());
    }

    private long logprobsOffset() {
        return (long) Integer.BYTES * limits.maxNumLogits();
    }

    /** Bytes of pinned memory that hold every step's results. */
    long resultBytes() {
        return SamplerMemory.resultBytes(limits.maxNumLogits());
    }

    /** Copies the results of the first rows to pinned memory of {@link #resultBytes}. */
    void copyResults(MemorySegment pinned, int numRows, boolean withLogprobs) {
        long bytes = withLogprobs
                ? logprobsOffset() + (long) LogprobsKernel.Result.SIZE_BYTES * numRows : (long) Integer.BYTES * numRows;
        if (numRows > 0) {
            stream.copyToHost(pinned, 0, memory.results(), 0, bytes);
        }
    }

    /**
     * Fills a step's result from what {@link #copyResults} copied.
     *
     * @param rows what was asked of the batch, which may have been filled anew since
     * @param logprobRows the log probabilities in that memory, at {@link #logprobsIn}; null if they were not copied
     */
    static void read(MemorySegment pinned, LogprobsKernel.Result logprobRows, ResultRows rows, StepResult result) {
        result.reset(rows.numRows());
        for (int row = 0; row < rows.numRows(); row++) {
            if (rows.isSampled(row)) {
                result.setToken(row, pinned.getAtIndex(ValueLayout.JAVA_INT, row));
            } else if (rows.isScored(row)) {
                result.setToken(row, rows.scoreTarget(row));
            } else {
                continue;
            }
            if (logprobRows != null && logprobRows.numTop(row) >= 0) {
                result.setLogprob(row, logprobRows.logprob(row), logprobRows.rank(row));
                for (int i = 0; i < logprobRows.numTop(row); i++) {
                    result.addTopLogprob(row, logprobRows.topTokenId(row, i), logprobRows.topLogprob(row, i));
                }
            }
        }
    }

    /** The log probabilities in pinned memory of {@link #resultBytes}; made once. */
    LogprobsKernel.Result logprobsIn(MemorySegment pinned) {
        return new LogprobsKernel.Result(pinned, logprobsOffset());
    }

    @Override
    public void close() {
        logprobs.close();
        sample.close();
        arena.close();
    }
}
