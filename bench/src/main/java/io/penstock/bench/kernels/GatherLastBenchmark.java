package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.GatherLastKernel;

/** Every second row, in falling order. */
final class GatherLastBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor logitTokens;
    private final GatherLastKernel kernel;

    GatherLastBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        out = memory.output("out", 2L * numTokens * shape.hidden(), numCopies);
        x = memory.bf16("x", 2L * numTokens * shape.hidden(), numCopies);
        logitTokens = memory.ints("logit_tokens", numTokens, i -> 2 * (numTokens - 1 - i));
        kernel = new GatherLastKernel(memory.device(), shape.hidden());
    }

    @Override
    public String name() {
        return "gather_last " + numTokens + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        return 2L * 2 * numTokens * shape.hidden() + 4L * numTokens;
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, out.address(copy), x.address(copy), logitTokens.address(0), numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
