package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.CombineAddRmsNormKernel;

/** The sum of each token's experts, and the addition and norm behind it. */
final class CombineAddRmsNormBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor expertOut;
    private final BenchmarkMemory.Tensor weight;
    private final CombineAddRmsNormKernel kernel;

    CombineAddRmsNormBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        int perToken = shape.experts().perToken();
        long length = (long) numTokens * shape.hidden();
        residual = memory.bf16("residual", length, numCopies);
        out = memory.output("out", 2 * length, numCopies);
        expertOut = memory.bf16("expert_out", perToken * length, numCopies);
        weight = memory.bf16("weight", shape.hidden(), 1);
        kernel = new CombineAddRmsNormKernel(memory.device(), shape.hidden(), perToken, 1e-5f);
    }

    @Override
    public String name() {
        return "combine_add_rms_norm " + numTokens + " x " + shape.experts().perToken() + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        return 2L * ((3 + shape.experts().perToken()) * numTokens + 1) * shape.hidden();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, residual.address(copy), out.address(copy), expertOut.address(copy), weight.address(0), 0,
                numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
