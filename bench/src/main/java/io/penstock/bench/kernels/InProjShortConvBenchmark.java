package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.InProjShortConvKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.kernels.WeightFormat;

/** The input projection and the short convolution of one token for each sequence; the weight is read anew each time. */
final class InProjShortConvBenchmark implements KernelBenchmark {
    private final int hidden;
    private final int numSeqs;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final ShortConvKernel.LayerAddresses[] layers;
    private final ShortConvKernel.SequenceAddresses sequences;
    private final InProjShortConvKernel kernel;

    InProjShortConvBenchmark(BenchmarkMemory memory, KernelShape shape) {
        hidden = shape.hidden();
        numSeqs = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        long length = (long) numSeqs * hidden;
        out = memory.output("out", 2 * length, numCopies);
        x = memory.bf16("x", length, numCopies);
        WeightFormat format = WeightFormat.of(memory.device().properties());
        weight = memory.bf16("in_proj", format.matrixBytes(3 * hidden, hidden) / Short.BYTES, numCopies);
        BenchmarkMemory.Tensor conv = memory.bf16("conv", 3L * hidden, 1);
        BenchmarkMemory.Tensor states = memory.bf16("states", 2 * length, numCopies);
        layers = new ShortConvKernel.LayerAddresses[numCopies];
        for (int copy = 0; copy < numCopies; copy++) {
            layers[copy] = new ShortConvKernel.LayerAddresses(
                    conv.address(0), states.address(copy), states.address(copy), 2L * hidden);
        }
        long none = memory.ints("snapshots", numSeqs, _ -> -1).address(0);
        sequences = new ShortConvKernel.SequenceAddresses(none, none,
                memory.ints("seq_lens_k", numSeqs, _ -> 100).address(0),
                memory.ints("conv_slots", numSeqs, i -> numSeqs - 1 - i).address(0), none, none, none);
        kernel = InProjShortConvKernel.of(memory.device(), format, hidden);
    }

    @Override
    public String name() {
        return "in_proj_short_conv " + numSeqs + " x " + hidden;
    }

    @Override
    public long floorBytes() {
        return 2L * hidden * (3L * hidden + 6L * numSeqs + 3) + 12L * numSeqs;
    }

    @Override
    public long flops() {
        return 6L * numSeqs * hidden * hidden;
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, out.address(copy), x.address(copy), weight.address(copy), layers[copy], sequences,
                numSeqs, 0);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
