package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.EmbedKernel;
import io.penstock.kernels.WeightFormat;

/** Rows of the embedding, far apart. */
final class EmbedBenchmark implements KernelBenchmark {
    private static final int TABLE_ROWS = 4096;

    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor table;
    private final BenchmarkMemory.Tensor tokenIds;
    private final BenchmarkMemory.Tensor slotMapping;
    private final BenchmarkMemory.Tensor blockTokens;
    private final EmbedKernel kernel;
    private final WeightFormat format;

    EmbedBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        out = memory.output("out", 2L * numTokens * shape.hidden(), numCopies);
        format = WeightFormat.of(memory.device().properties());
        table = memory.bf16("embed_tokens", format.matrixBytes(TABLE_ROWS, shape.hidden()) / Short.BYTES, 1);
        tokenIds = memory.ints("token_ids", numTokens * numCopies, i -> i * 977 % TABLE_ROWS);
        slotMapping = memory.ints("slot_mapping", numTokens, i -> i);
        blockTokens = memory.output("block_tokens", 4L * numTokens, 1);
        kernel = new EmbedKernel(memory.device(), shape.hidden());
    }

    @Override
    public String name() {
        return "embed " + numTokens + " x " + shape.hidden();
    }

    @Override
    public long floorBytes() {
        return 2L * 2 * numTokens * shape.hidden() + 3 * 4L * numTokens;
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        long ids = tokenIds.address(0) + 4L * copy * numTokens;
        kernel.launch(stream, out.address(copy), table.address(0), format,
                new EmbedKernel.TokenAddresses(ids, ids, slotMapping.address(0), blockTokens.address(0)), numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
