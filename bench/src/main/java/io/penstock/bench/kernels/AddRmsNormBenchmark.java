package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormKernel;

/** The residual stream's addition and the norm behind it. */
final class AddRmsNormBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor update;
    private final BenchmarkMemory.Tensor weight;
    private final AddRmsNormKernel kernel;

    AddRmsNormBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        long length = (long) numTokens * shape.hidden();
        residual = memory.bf16("residual", length, numCopies);
        out = memory.output("out", 2 * length, numCopies);
        update = memory.bf16("update", length, numCopies);
        weight = memory.bf16("weight", shape.hidden(), 1);
        kernel = new AddRmsNormKernel(memory.device(), shape.hidden(), 1e-5f);
    }

    @Override
    public String name() {
        return "add_rms_norm " + numTokens + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        return 2L * (4 * numTokens + 1) * shape.hidden();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, residual.address(copy), out.address(copy), update.address(copy), weight.address(0),
                numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
