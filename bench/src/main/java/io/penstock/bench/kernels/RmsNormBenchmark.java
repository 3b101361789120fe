package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.RmsNormKernel;

/** The norm of a step's rows. */
final class RmsNormBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final RmsNormKernel kernel;

    RmsNormBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        long length = (long) numTokens * shape.hidden();
        out = memory.output("out", 2 * length, numCopies);
        x = memory.bf16("x", length, numCopies);
        weight = memory.bf16("weight", shape.hidden(), 1);
        kernel = new RmsNormKernel(memory.device(), shape.hidden(), 1e-5f);
    }

    @Override
    public String name() {
        return "rms_norm " + numTokens + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        return 2L * (2 * numTokens + 1) * shape.hidden();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, out.address(copy), x.address(copy), weight.address(0), numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
