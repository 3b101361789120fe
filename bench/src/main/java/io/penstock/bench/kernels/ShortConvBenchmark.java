package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.ShortConvKernel;

/** The short convolution of one token for each sequence, or of one long prompt. */
final class ShortConvBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final boolean isDecode;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor bcx;
    private final ShortConvKernel.LayerAddresses[] layers;
    private final ShortConvKernel.SequenceAddresses sequences;
    private final ShortConvKernel kernel;

    ShortConvBenchmark(BenchmarkMemory memory, KernelShape shape, boolean isDecode) {
        this.shape = shape;
        this.isDecode = isDecode;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        int numSeqs = isDecode ? numTokens : 1;
        long length = (long) numTokens * shape.hidden();
        out = memory.output("out", 2 * length, numCopies);
        bcx = memory.bf16("bcx", 3 * length, numCopies);
        BenchmarkMemory.Tensor conv = memory.bf16("conv", 3L * shape.hidden(), 1);
        BenchmarkMemory.Tensor states = memory.bf16("states", 2L * numSeqs * shape.hidden(), numCopies);
        layers = new ShortConvKernel.LayerAddresses[numCopies];
        for (int copy = 0; copy < numCopies; copy++) {
            layers[copy] = new ShortConvKernel.LayerAddresses(
                    conv.address(0), states.address(copy), states.address(copy), 2L * shape.hidden());
        }
        int tokensPerSeq = numTokens / numSeqs;
        BenchmarkMemory.Tensor none = memory.ints("snapshots", numSeqs, i -> -1);
        sequences = new ShortConvKernel.SequenceAddresses(
                memory.ints("token_seqs", numTokens, i -> i / tokensPerSeq).address(0),
                memory.ints("cu_seqlens_q", numSeqs + 1, i -> i * tokensPerSeq).address(0),
                memory.ints("seq_lens_k", numSeqs, i -> tokensPerSeq + 100).address(0),
                memory.ints("conv_slots", numSeqs, i -> numSeqs - 1 - i).address(0),
                none.address(0), none.address(0), none.address(0));
        kernel = new ShortConvKernel(memory.device(), shape.hidden());
    }

    @Override
    public String name() {
        return "short_conv " + (isDecode ? "decode " : "prefill ") + numTokens + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        long numSeqs = isDecode ? numTokens : 1;
        long rows = 4L * numTokens + 4 * numSeqs + 3;
        return 2 * rows * shape.hidden() + 4 * (2L * numTokens + 4 * numSeqs);
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, out.address(copy), bcx.address(copy), layers[copy], sequences, numTokens, 0);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
