package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;

/** A projection with its weights read anew each time. */
final class LinearBenchmark implements KernelBenchmark {
    private final int numTokens;
    private final int numColumns;
    private final int k;
    private final int numCopies;
    private final BenchmarkMemory.Tensor y;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final LinearKernel kernel;

    LinearBenchmark(BenchmarkMemory memory, int numColumns, int k) {
        this.numColumns = numColumns;
        this.k = k;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        y = memory.output("y", 2L * numTokens * numColumns, numCopies);
        x = memory.bf16("x", (long) numTokens * k, numCopies);
        weight = memory.bf16("weight", (long) numColumns * k, numCopies);
        kernel = new LinearKernel(memory.device());
    }

    @Override
    public String name() {
        return "linear " + numTokens + " x " + numColumns + " x " + k;
    }

    @Override
    public long floorBytes() {
        return 2L * ((long) numTokens * numColumns + (long) numTokens * k + (long) numColumns * k);
    }

    @Override
    public long flops() {
        return 2L * numTokens * numColumns * k;
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, y.address(copy), x.address(copy), weight.address(copy), numTokens, numColumns, k);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
