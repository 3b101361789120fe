package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.QkNormRopeStoreKernel;

/** One token for each sequence: every row goes to a block of its own. */
final class QkNormRopeStoreBenchmark implements KernelBenchmark {
    private static final int HEAD_DIM = 64;
    private static final int BLOCK_TOKENS = 64;
    private static final int POSITIONS = 4096;

    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor qkv;
    private final QkNormRopeStoreKernel.LayerAddresses layer;
    private final QkNormRopeStoreKernel.TokenAddresses tokens;
    private final QkNormRopeStoreKernel kernel;

    QkNormRopeStoreBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        qkv = memory.bf16("qkv", (long) numTokens * numHeads() * HEAD_DIM, numCopies);
        long blockBytes = 2L * 2 * BLOCK_TOKENS * HEAD_DIM * shape.numKvHeads();
        BenchmarkMemory.Tensor blocks = memory.output("KV blocks", blockBytes * numTokens, 1);
        BenchmarkMemory.Tensor qNorm = memory.bf16("q_norm", HEAD_DIM, 1);
        BenchmarkMemory.Tensor kNorm = memory.bf16("k_norm", HEAD_DIM, 1);
        layer = new QkNormRopeStoreKernel.LayerAddresses(blocks.address(0), qNorm.address(0), kNorm.address(0));
        tokens = new QkNormRopeStoreKernel.TokenAddresses(
                memory.bf16("angles", 2L * POSITIONS * HEAD_DIM, 1).address(0),
                memory.ints("positions", numTokens, i -> i * 61 % POSITIONS).address(0),
                memory.ints("slot_mapping", numTokens, i -> i * BLOCK_TOKENS + i * 61 % BLOCK_TOKENS).address(0));
        kernel = new QkNormRopeStoreKernel(memory.device(), shape.numHeads(), shape.numKvHeads(), 1e-5f);
    }

    private int numHeads() {
        return shape.numHeads() + 2 * shape.numKvHeads();
    }

    @Override
    public String name() {
        return "qk_norm_rope_store " + numTokens + " x " + numHeads() + " heads";
    }

    @Override
    public long floorBytes() {
        long angles = 4L * Math.min(numTokens, POSITIONS) * HEAD_DIM;
        return 2L * 2 * numTokens * numHeads() * HEAD_DIM + angles + 2L * 2 * HEAD_DIM + 8L * numTokens;
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, qkv.address(copy), layer, tokens, numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
