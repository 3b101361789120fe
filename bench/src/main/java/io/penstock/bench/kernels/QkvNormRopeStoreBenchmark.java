package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.kernels.QkvNormRopeStoreKernel;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.WeightFormat;

/**
 * The projection and its heads' way to KV blocks, one token for each sequence, in as many launches as a step has for
 * them on the device; the weight is read anew each time.
 */
final class QkvNormRopeStoreBenchmark implements KernelBenchmark {
    private static final int HEAD_DIM = 64;
    private static final int BLOCK_TOKENS = 64;
    private static final int POSITIONS = 4096;
    private static final float EPS = 1e-5f;

    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor qkv;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final QkNormRopeStoreKernel.LayerAddresses layer;
    private final QkNormRopeStoreKernel.TokenAddresses tokens;
    private final Launches launches;

    QkvNormRopeStoreBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        qkv = memory.output("qkv", 2L * numTokens * numColumns(), numCopies);
        x = memory.bf16("x", (long) numTokens * shape.hidden(), numCopies);
        WeightFormat format = WeightFormat.of(memory.device().properties());
        weight = memory.bf16("qkv_proj",
                format.matrixBytes(numColumns(), shape.hidden()) / Short.BYTES, numCopies);
        long blockBytes = 2L * 2 * BLOCK_TOKENS * HEAD_DIM * shape.numKvHeads();
        layer = new QkNormRopeStoreKernel.LayerAddresses(
                memory.output("KV blocks", blockBytes * numTokens, 1).address(0),
                memory.bf16("q_norm", HEAD_DIM, 1).address(0), memory.bf16("k_norm", HEAD_DIM, 1).address(0));
        tokens = new QkNormRopeStoreKernel.TokenAddresses(
                memory.bf16("angles", 2L * POSITIONS * HEAD_DIM, 1).address(0),
                memory.ints("positions", numTokens, i -> i * 61 % POSITIONS).address(0),
                memory.ints("slot_mapping", numTokens, i -> i * BLOCK_TOKENS + i * 61 % BLOCK_TOKENS).address(0));
        launches = format == WeightFormat.TILES ? new One(memory) : new Two(memory, format);
    }

    private final class One implements Launches {
        private final QkvNormRopeStoreKernel kernel;

        One(BenchmarkMemory memory) {
            kernel = new QkvNormRopeStoreKernel(memory.device(), TileTable.BUILT_IN, shape.numHeads(),
                    shape.numKvHeads(), shape.hidden(), EPS);
        }

        @Override
        public void run(Stream stream, int copy) {
            kernel.launch(
                    stream, qkv.address(copy), x.address(copy), weight.address(copy), layer, tokens, numTokens);
        }

        @Override
        public void close() {
            kernel.close();
        }
    }

    private final class Two implements Launches {
        private final LinearKernel linear;
        private final QkNormRopeStoreKernel heads;

        Two(BenchmarkMemory memory, WeightFormat format) {
            linear = LinearKernel.of(memory.device(), format);
            heads = new QkNormRopeStoreKernel(memory.device(), shape.numHeads(), shape.numKvHeads(), EPS);
        }

        @Override
        public void run(Stream stream, int copy) {
            linear.launch(stream, qkv.address(copy), x.address(copy), weight.address(copy), numTokens, numColumns(),
                    shape.hidden());
            heads.launch(stream, qkv.address(copy), layer, tokens, numTokens);
        }

        @Override
        public void close() {
            heads.close();
            linear.close();
        }
    }

    private int numColumns() {
        return (shape.numHeads() + 2 * shape.numKvHeads()) * HEAD_DIM;
    }

    @Override
    public String name() {
        return "qkv_norm_rope_store " + numTokens + " x " + shape.hidden() + " x " + numColumns();
    }

    @Override
    public long floorBytes() {
        long angles = 4L * Math.min(numTokens, POSITIONS) * HEAD_DIM;
        long rows = (long) numTokens * (shape.hidden() + numColumns());
        return 2 * ((long) shape.hidden() * numColumns() + rows) + angles + 2L * 2 * HEAD_DIM + 8L * numTokens;
    }

    @Override
    public long flops() {
        return 2L * numTokens * shape.hidden() * numColumns();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        launches.run(stream, copy);
    }

    @Override
    public void close() {
        launches.close();
    }
}
