package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.SiluAndMulKernel;

/** The dense feed-forward part's activation, of bfloat16 projections. */
final class SiluAndMulBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor gateUp;
    private final SiluAndMulKernel kernel;

    SiluAndMulBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        long length = (long) numTokens * shape.width();
        out = memory.output("out", 2 * length, numCopies);
        gateUp = memory.bf16("gate_up", 2 * length, numCopies);
        kernel = new SiluAndMulKernel(memory.device());
    }

    @Override
    public String name() {
        return "silu_and_mul " + numTokens + " x " + shape.width();
    }

    @Override
    public long floorBytes() {
        return 3L * 2 * numTokens * shape.width();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, out.address(copy), gateUp.address(copy), numTokens, shape.width());
    }

    @Override
    public void close() {
        kernel.close();
    }
}
