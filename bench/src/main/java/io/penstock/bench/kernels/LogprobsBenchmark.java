package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.LogprobsKernel;

/** Scored rows that list five most likely tokens each, as clients ask for them. */
final class LogprobsBenchmark implements KernelBenchmark {
    private static final int NUM_TOP = 5;

    private final int numRows;
    private final int vocab;
    private final int numCopies;
    private final BenchmarkMemory.Tensor results;
    private final BenchmarkMemory.Tensor parts;
    private final BenchmarkMemory.Tensor logits;
    private final LogprobsKernel.RowAddresses rows;
    private final LogprobsKernel kernel;

    LogprobsBenchmark(BenchmarkMemory memory, KernelShape shape) {
        numRows = memory.numTokens();
        vocab = shape.vocab();
        numCopies = memory.numCopies(floorBytes());
        results = memory.output("results", (long) LogprobsKernel.Result.SIZE_BYTES * numRows, 1);
        parts = memory.output("parts", LogprobsKernel.partBytes(vocab) * numRows, 1);
        logits = memory.float32("logits", (long) numRows * vocab, numCopies);
        long targets = memory.ints("targets", numRows, i -> i * 977 % vocab).address(0);
        long tops = memory.ints("tops", numRows, i -> NUM_TOP).address(0);
        rows = new LogprobsKernel.RowAddresses(targets, targets, tops, targets, targets);
        kernel = new LogprobsKernel(memory.device(), vocab, vocab);
    }

    @Override
    public String name() {
        return "logprobs " + numRows + " x " + vocab;
    }

    @Override
    public long floorBytes() {
        return numRows * (4L * vocab + 16 + 8L * NUM_TOP);
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, results.address(0), parts.address(0), logits.address(copy), rows, numRows);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
