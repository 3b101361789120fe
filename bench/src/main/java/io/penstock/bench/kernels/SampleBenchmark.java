package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.SampleKernel;
import io.penstock.kernels.SamplingSlot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/** A token of each row, from logits that nothing is told of but that they are random. */
final class SampleBenchmark implements KernelBenchmark {
    private static final double LOG2_E = 1 / Math.log(2);

    /** What every sequence asks for. */
    enum Request {
        GREEDY(0, 0, 1, 1),
        TEMPERATURE(1, 0, 1, 1),
        /** What model cards recommend. */
        TOP_K_80(0.3, 80, 1, 1.05),
        TOP_P_90(0.3, 0, 0.9, 1),
        /** So many tokens are in its nucleus that they are not sorted at once. */
        WIDE_TOP_P_90(1, 0, 0.9, 1);

        private final double temperature;
        private final int topK;
        private final double topP;
        private final double repetition;

        Request(double temperature, int topK, double topP, double repetition) {
            this.temperature = temperature;
            this.topK = topK;
            this.topP = topP;
            this.repetition = repetition;
        }
    }

    private final Request request;
    private final int numRows;
    private final int vocab;
    private final int numCopies;
    private final BenchmarkMemory.Tensor tokens;
    private final BenchmarkMemory.Tensor scratch;
    private final BenchmarkMemory.Tensor logits;
    private final SampleKernel.RowAddresses rows;
    private final SampleKernel.SequenceAddresses sequences;
    private final SampleKernel kernel;

    SampleBenchmark(BenchmarkMemory memory, KernelShape shape, Request request) {
        this.request = request;
        numRows = memory.numTokens();
        vocab = shape.vocab();
        numCopies = memory.numCopies(floorBytes());
        int words = SampleKernel.bitmapWords(vocab);
        tokens = memory.output("tokens", 4L * numRows, 1);
        scratch = memory.output("scratch", SampleKernel.resultBytes(vocab) * numRows, 1);
        logits = memory.float32("logits", (long) numRows * vocab, numCopies);
        BenchmarkMemory.Tensor slots = memory.output("slots", (long) SamplingSlot.SIZE_BYTES * numRows, 1);
        writeSlots(memory, slots);
        BenchmarkMemory.Tensor seen = memory.ints("seen", words * numRows, i -> i % 97 == 0 ? 1 << i % 32 : 0);
        BenchmarkMemory.Tensor minusOnes = memory.ints("masks", numRows, i -> -1);
        BenchmarkMemory.Tensor ids = memory.ints("slots", numRows, i -> i);
        rows = new SampleKernel.RowAddresses(ids.address(0), minusOnes.address(0), minusOnes.address(0));
        sequences = new SampleKernel.SequenceAddresses(slots.address(0), seen.address(0), seen.address(0),
                memory.output("last_sampled", 4L * numRows, 1).address(0), ids.address(0), ids.address(0));
        kernel = new SampleKernel(memory.device(), vocab, vocab, 1);
    }

    private void writeSlots(BenchmarkMemory memory, BenchmarkMemory.Tensor slots) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate((long) SamplingSlot.SIZE_BYTES * numRows, Long.BYTES);
            for (int row = 0; row < numRows; row++) {
                long at = (long) SamplingSlot.SIZE_BYTES * row;
                double scale = request.temperature == 0 ? 1 : LOG2_E / request.temperature;
                new SamplingSlot(host.asSlice(at, SamplingSlot.SIZE_BYTES)).start(
                        new SamplingSlot.Numbers(request.temperature, scale, Double.NEGATIVE_INFINITY, request.topP,
                                request.repetition, 0, 0),
                        new SamplingSlot.Integers(row, request.topK, 1, 0, 0, -1, 0));
            }
            memory.copyTo(slots, host);
        }
    }

    @Override
    public String name() {
        return "sample " + request.name().toLowerCase(Locale.ROOT) + " " + numRows + " x " + vocab;
    }

    @Override
    public long floorBytes() {
        long bitmaps = request.repetition == 1 ? 0 : 4L * SampleKernel.bitmapWords(vocab);
        return numRows * (4L * vocab + bitmaps + 4);
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    /** What the LM head is told of these rows. */
    LinearKernel.SampledRows headRows() {
        return new LinearKernel.SampledRows(scratch.address(0), rows.slots(), rows.masks(), rows.masks(),
                sequences.slots(), vocab);
    }

    /** The first of the logits. */
    long logits() {
        return logits.address(0);
    }

    /** As {@link #launch(Stream, int)} of the first logits, behind an LM head that chose or did not. */
    void launchBehindHead(Stream stream, boolean isHeadDone) {
        kernel.launch(stream, tokens.address(0), scratch.address(0), logits.address(0), rows, sequences, isHeadDone,
                numRows);
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(
                stream, tokens.address(0), scratch.address(0), logits.address(copy), rows, sequences, false, numRows);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
