package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.GroupedLinearKernel;
import io.penstock.kernels.WeightFormat;

/** One of the two products of a step's experts, whose weights are read anew each time. */
final class GroupedLinearBenchmark implements KernelBenchmark {
    private final boolean isGateUp;
    private final KernelShape.Experts experts;
    private final int numTokens;
    private final int numColumns;
    private final int k;
    private final int numCopies;
    private final BenchmarkRouting routing;
    private final BenchmarkMemory.Tensor y;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weights;
    private final GroupedLinearKernel kernel;

    GroupedLinearBenchmark(BenchmarkMemory memory, KernelShape shape, boolean isGateUp) {
        this.isGateUp = isGateUp;
        experts = shape.experts();
        numTokens = memory.numTokens();
        numColumns = isGateUp ? experts.width() : shape.hidden();
        k = isGateUp ? shape.hidden() : experts.width();
        routing = new BenchmarkRouting(memory, memory.stream(), experts, shape.hidden());
        numCopies = memory.numCopies(floorBytes());
        y = memory.output("y", 2L * numPairs() * numColumns, numCopies);
        x = memory.bf16("x", (long) numTokens * (isGateUp ? 1 : experts.perToken()) * k, numCopies);
        WeightFormat format = WeightFormat.of(memory.device().properties());
        long expertBytes = format.matrixBytes((isGateUp ? 2 : 1) * numColumns, k);
        weights = memory.bf16("weights", experts.num() * expertBytes / Short.BYTES, numCopies);
        kernel = GroupedLinearKernel.of(memory.device(), format, experts.num(), experts.perToken());
    }

    private int numPairs() {
        return numTokens * experts.perToken();
    }

    private long expertLength() {
        return (isGateUp ? 2L : 1L) * numColumns * k;
    }

    /** Pairs of each expert. */
    int[] rowsOfExperts() {
        return routing.rowsOfExperts();
    }

    @Override
    public String name() {
        return "grouped_linear " + (isGateUp ? "silu_and_mul " : "") + numTokens + " x " + numColumns + " x " + k + ", "
                + experts;
    }

    @Override
    public long floorBytes() {
        long rows = isGateUp ? numTokens : numPairs();
        return 2 * (routing.numUsedExperts() * expertLength() + rows * k + (long) numPairs() * numColumns);
    }

    @Override
    public long flops() {
        return 2L * numPairs() * expertLength();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        long out = y.address(copy);
        long in = x.address(copy);
        if (isGateUp) {
            kernel.launchSiluAndMul(
                    stream, out, in, weights.address(copy), routing.addresses(), numTokens, numColumns, k);
        } else {
            kernel.launch(stream, out, in, weights.address(copy), routing.addresses(), numTokens, numColumns, k);
        }
    }

    @Override
    public void close() {
        kernel.close();
    }
}
