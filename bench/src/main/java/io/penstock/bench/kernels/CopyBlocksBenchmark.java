package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.CopyBlocksKernel;

/** A block in every sixteen tokens is copied, in the six attention layers of the largest model. */
final class CopyBlocksBenchmark implements KernelBenchmark {
    private static final int TOKENS_PER_COPY = 16;
    private static final int NUM_LAYERS = 6;
    private static final int TILE_PAIR = 2 * 64 * 64;

    private final KernelShape shape;
    private final int numCopies;
    private final long blocks;
    private final long from;
    private final long to;
    private final CopyBlocksKernel kernel;

    CopyBlocksBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numCopies = Math.ceilDiv(memory.numTokens(), TOKENS_PER_COPY);
        int numBlocks = 2 * numCopies;
        blocks = memory.bf16("KV blocks", (long) NUM_LAYERS * numBlocks * shape.numKvHeads() * TILE_PAIR, 1).address(0);
        from = memory.ints("from", numCopies, i -> 2 * i).address(0);
        to = memory.ints("to", numCopies, i -> numBlocks - 1 - 2 * i).address(0);
        kernel = new CopyBlocksKernel(memory.device(), shape.numKvHeads(), NUM_LAYERS, numBlocks);
    }

    @Override
    public String name() {
        return "copy_blocks " + numCopies;
    }

    @Override
    public long floorBytes() {
        return 2L * 2 * NUM_LAYERS * numCopies * shape.numKvHeads() * TILE_PAIR + 8L * numCopies;
    }

    @Override
    public int numCopies() {
        return 1;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, blocks, from, to, numCopies);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
