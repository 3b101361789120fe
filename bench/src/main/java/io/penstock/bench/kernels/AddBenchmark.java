package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.AddKernel;

/** The residual stream's addition. */
final class AddBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor update;
    private final AddKernel kernel;

    AddBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        long length = (long) numTokens * shape.hidden();
        residual = memory.bf16("residual", length, numCopies);
        update = memory.bf16("update", length, numCopies);
        kernel = new AddKernel(memory.device());
    }

    @Override
    public String name() {
        return "add " + numTokens + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        return 3L * 2 * numTokens * shape.hidden();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        long length = (long) numTokens * shape.hidden();
        kernel.launch(stream, residual.address(copy), update.address(copy), length);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
