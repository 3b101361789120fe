package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.CombineAddRmsNormKernel;
import io.penstock.kernels.GroupedLinearKernel;
import io.penstock.kernels.WeightFormat;

/** The second product of a step's experts, its sum and the norm behind it: in one launch, or in two. */
final class GroupedLinearAddRmsNormBenchmark implements KernelBenchmark {
    private static final float EPS = 1e-5f;

    private final KernelShape.Experts experts;
    private final int hidden;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkRouting routing;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor outer;
    private final BenchmarkMemory.Tensor inner;
    private final BenchmarkMemory.Tensor down;
    private final long norm;
    private final GroupedLinearKernel product;
    private final Launches launches;

    GroupedLinearAddRmsNormBenchmark(BenchmarkMemory memory, KernelShape shape) {
        experts = shape.experts();
        hidden = shape.hidden();
        numTokens = memory.numTokens();
        routing = new BenchmarkRouting(memory, memory.stream(), experts, hidden);
        numCopies = memory.numCopies(floorBytes());
        residual = memory.bf16("residual", (long) numTokens * hidden, numCopies);
        out = memory.output("out", 2L * numTokens * hidden, numCopies);
        outer = memory.output("outer", 2L * numPairs() * hidden, numCopies);
        inner = memory.bf16("inner", (long) numPairs() * experts.width(), numCopies);
        WeightFormat format = WeightFormat.of(memory.device().properties());
        down = memory.bf16("down",
                experts.num() * format.matrixBytes(hidden, experts.width()) / Short.BYTES, numCopies);
        norm = memory.bf16("norm", hidden, 1).address(0);
        product = GroupedLinearKernel.of(memory.device(), format, experts.num(), experts.perToken());
        launches = GroupedLinearKernel.hasRowsBehind(format) ? new One() : new Two(memory);
    }

    private final class One implements Launches {
        private final GroupedLinearKernel.CombinedProduct[] products =
                new GroupedLinearKernel.CombinedProduct[numCopies];

        One() {
            for (int i = 0; i < numCopies; i++) {
                products[i] = new GroupedLinearKernel.CombinedProduct(
                        down.address(i), hidden, experts.width(), norm, EPS, 0);
            }
        }

        @Override
        public void run(Stream stream, int copy) {
            product.launchAddRmsNorm(stream, outer.address(copy), inner.address(copy), residual.address(copy),
                    out.address(copy), products[copy], routing.addresses(), numTokens);
        }

        @Override
        public void close() {}
    }

    private final class Two implements Launches {
        private final CombineAddRmsNormKernel combine;

        Two(BenchmarkMemory memory) {
            combine = new CombineAddRmsNormKernel(memory.device(), hidden, experts.perToken(), EPS);
        }

        @Override
        public void run(Stream stream, int copy) {
            product.launch(stream, outer.address(copy), inner.address(copy), down.address(copy), routing.addresses(),
                    numTokens, hidden, experts.width());
            combine.launch(stream, residual.address(copy), out.address(copy), outer.address(copy), norm, 0, numTokens);
        }

        @Override
        public void close() {
            combine.close();
        }
    }

    private int numPairs() {
        return numTokens * experts.perToken();
    }

    private long expertLength() {
        return (long) experts.width() * hidden;
    }

    @Override
    public String name() {
        return "grouped_linear_add_rms_norm " + numTokens + " x " + hidden + " x " + experts.width() + ", " + experts;
    }

    @Override
    public long floorBytes() {
        long rows = (long) numPairs() * (experts.width() + 2L * hidden) + 3L * numTokens * hidden;
        return 2 * (routing.numUsedExperts() * expertLength() + rows);
    }

    @Override
    public long flops() {
        return 2L * numPairs() * expertLength();
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
        product.close();
    }
}
