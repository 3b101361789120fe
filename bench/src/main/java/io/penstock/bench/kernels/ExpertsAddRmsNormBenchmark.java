package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.CombineAddRmsNormKernel;
import io.penstock.kernels.ExpertsAddRmsNormKernel;
import io.penstock.kernels.GroupedLinearKernel;
import io.penstock.kernels.WeightFormat;

/** All that a step's experts do, whose weights are read anew each time: in one launch, two, or three. */
final class ExpertsAddRmsNormBenchmark implements KernelBenchmark {
    private static final float EPS = 1e-5f;

    private final KernelShape.Experts experts;
    private final int hidden;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkRouting routing;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor inner;
    private final BenchmarkMemory.Tensor outer;
    private final BenchmarkMemory.Tensor gateUp;
    private final BenchmarkMemory.Tensor down;
    private final BenchmarkMemory.Tensor norm;
    private final Launches launches;

    ExpertsAddRmsNormBenchmark(BenchmarkMemory memory, KernelShape shape) {
        experts = shape.experts();
        hidden = shape.hidden();
        numTokens = memory.numTokens();
        routing = new BenchmarkRouting(memory, memory.stream(), experts, hidden);
        numCopies = memory.numCopies(floorBytes());
        residual = memory.bf16("residual", (long) numTokens * hidden, numCopies);
        x = memory.bf16("x", (long) numTokens * hidden, numCopies);
        inner = memory.output("inner", 2L * numPairs() * experts.width(), numCopies);
        outer = memory.output("outer", 2L * numPairs() * hidden, numCopies);
        WeightFormat format = WeightFormat.of(memory.device().properties());
        gateUp = weights(memory, "gate_up", format.matrixBytes(2 * experts.width(), hidden));
        down = weights(memory, "down", format.matrixBytes(hidden, experts.width()));
        norm = memory.bf16("norm", hidden, 1);
        launches = format == WeightFormat.TILES && ExpertsAddRmsNormKernel.isFor(numPairs(), experts.num())
                ? new One(memory) : new Several(memory, format);
    }

    private BenchmarkMemory.Tensor weights(BenchmarkMemory memory, String name, long expertBytes) {
        return memory.bf16(name, experts.num() * expertBytes / Short.BYTES, numCopies);
    }

    private final class One implements Launches {
        private final ExpertsAddRmsNormKernel kernel;
        private final ExpertsAddRmsNormKernel.Operands[] operands =
                new ExpertsAddRmsNormKernel.Operands[numCopies];

        One(BenchmarkMemory memory) {
            kernel = new ExpertsAddRmsNormKernel(memory.device(), experts.rule(), hidden, EPS);
            for (int i = 0; i < numCopies; i++) {
                operands[i] = new ExpertsAddRmsNormKernel.Operands(inner.address(i), outer.address(i),
                        gateUp.address(i), down.address(i), norm.address(0), experts.width());
            }
        }

        @Override
        public void run(Stream stream, int copy) {
            kernel.launch(stream, residual.address(copy), x.address(copy), operands[copy], routing.addresses(), 0,
                    numTokens);
        }

        @Override
        public void close() {
            kernel.close();
        }
    }

    private final class Several implements Launches {
        private final GroupedLinearKernel products;
        private final GroupedLinearKernel.CombinedProduct[] downs =
                new GroupedLinearKernel.CombinedProduct[numCopies];
        private final CombineAddRmsNormKernel combine;

        Several(BenchmarkMemory memory, WeightFormat format) {
            products = GroupedLinearKernel.of(
                    memory.device(), format, experts.num(), experts.perToken());
            for (int i = 0; i < numCopies; i++) {
                downs[i] = new GroupedLinearKernel.CombinedProduct(
                        down.address(i), hidden, experts.width(), norm.address(0), EPS, 0);
            }
            combine = GroupedLinearKernel.hasRowsBehind(format)
                    ? null : new CombineAddRmsNormKernel(memory.device(), hidden, experts.perToken(), EPS);
        }

        @Override
        public void run(Stream stream, int copy) {
            products.launchSiluAndMul(stream, inner.address(copy), x.address(copy), gateUp.address(copy),
                    routing.addresses(), numTokens, experts.width(), hidden);
            if (combine == null) {
                products.launchAddRmsNorm(stream, outer.address(copy), inner.address(copy), residual.address(copy),
                        x.address(copy), downs[copy], routing.addresses(), numTokens);
                return;
            }
            products.launch(stream, outer.address(copy), inner.address(copy), down.address(copy),
                    routing.addresses(), numTokens, hidden, experts.width());
            combine.launch(stream, residual.address(copy), x.address(copy), outer.address(copy), norm.address(0), 0,
                    numTokens);
        }

        @Override
        public void close() {
            if (combine != null) {
                combine.close();
            }
            products.close();
        }
    }

    private int numPairs() {
        return numTokens * experts.perToken();
    }

    /** Pairs of each expert. */
    int[] rowsOfExperts() {
        return routing.rowsOfExperts();
    }

    private long expertLength() {
        return 3L * experts.width() * hidden;
    }

    @Override
    public String name() {
        return "experts_add_rms_norm " + numTokens + " x " + hidden + ", " + experts;
    }

    @Override
    public long floorBytes() {
        long between = 2L * numPairs() * (experts.width() + hidden);
        return 2 * (routing.numUsedExperts() * expertLength() + between + 4L * numTokens * hidden);
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
    }
}
