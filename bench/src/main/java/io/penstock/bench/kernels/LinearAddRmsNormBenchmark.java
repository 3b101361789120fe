package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormKernel;
import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.WeightFormat;

/** A projection to the residual stream, and its rows added, normalised and perhaps routed: in one launch, or in two. */
final class LinearAddRmsNormBenchmark implements KernelBenchmark {
    private static final float EPS = 1e-5f;

    private final KernelShape shape;
    private final int k;
    private final boolean isRouted;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor update;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final AddRmsNormRouteTopKKernel.LayerAddresses layer;
    private final AddRmsNormRouteTopKKernel.RoutingAddresses routing;
    private final Launches launches;

    LinearAddRmsNormBenchmark(BenchmarkMemory memory, KernelShape shape, int k, boolean isRouted) {
        this.shape = shape;
        this.k = k;
        this.isRouted = isRouted;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        long length = (long) numTokens * shape.hidden();
        residual = memory.bf16("residual", length, numCopies);
        out = memory.output("out", 2 * length, numCopies);
        update = memory.output("update", 2 * length, numCopies);
        x = memory.bf16("x", (long) numTokens * k, numCopies);
        WeightFormat format = WeightFormat.of(memory.device().properties());
        weight = memory.bf16("weight", format.matrixBytes(shape.hidden(), k) / Short.BYTES, numCopies);
        long norm = memory.bf16("norm", shape.hidden(), 1).address(0);
        layer = isRouted ? new AddRmsNormRouteTopKKernel.LayerAddresses(norm,
                memory.bf16("gate", (long) shape.experts().num() * shape.hidden(), 1).address(0),
                memory.ints("expert_bias", shape.experts().num(), _ -> 0).address(0))
                : new AddRmsNormRouteTopKKernel.LayerAddresses(norm, 0, 0);
        routing = isRouted ? BenchmarkRouting.zeros(memory, shape.experts()) : null;
        launches = LinearKernel.hasRowsBehind(format) ? new One(memory, format) : new Two(memory, format);
    }

    private final class One implements Launches {
        private final LinearKernel kernel;
        private final LinearKernel.NormedProduct[] products = new LinearKernel.NormedProduct[numCopies];

        One(BenchmarkMemory memory, WeightFormat format) {
            kernel = LinearKernel.of(memory.device(), format);
            int numInts = Math.toIntExact(LinearKernel.progressBytes(numTokens) / Integer.BYTES);
            long progress = memory.ints("progress", numInts, _ -> 0).address(0);
            LinearKernel.RoutedRows routed = isRouted
                    ? new LinearKernel.RoutedRows(shape.experts().rule(), layer, routing, 0) : null;
            for (int i = 0; i < numCopies; i++) {
                products[i] = new LinearKernel.NormedProduct(
                        weight.address(i), shape.hidden(), k, layer.norm(), EPS, progress, routed);
            }
        }

        @Override
        public void run(Stream stream, int copy) {
            kernel.launchAddRmsNorm(stream, update.address(copy), x.address(copy), residual.address(copy),
                    out.address(copy), products[copy], numTokens);
        }

        @Override
        public void close() {
            kernel.close();
        }
    }

    private final class Two implements Launches {
        private final LinearKernel product;
        private final AddRmsNormKernel norm;
        private final AddRmsNormRouteTopKKernel route;

        Two(BenchmarkMemory memory, WeightFormat format) {
            product = LinearKernel.of(memory.device(), format);
            norm = isRouted ? null : new AddRmsNormKernel(memory.device(), shape.hidden(), EPS);
            route = isRouted ? new AddRmsNormRouteTopKKernel(
                    memory.device(), shape.hidden(), EPS, shape.experts().rule(), format) : null;
        }

        @Override
        public void run(Stream stream, int copy) {
            product.launch(stream, update.address(copy), x.address(copy), weight.address(copy), numTokens,
                    shape.hidden(), k);
            if (isRouted) {
                route.launch(stream, residual.address(copy), out.address(copy), update.address(copy), layer, routing,
                        0, numTokens);
            } else {
                norm.launch(stream, residual.address(copy), out.address(copy), update.address(copy), layer.norm(),
                        numTokens);
            }
        }

        @Override
        public void close() {
            product.close();
            if (isRouted) {
                route.close();
            } else {
                norm.close();
            }
        }
    }

    @Override
    public String name() {
        return "linear_add_rms_norm " + numTokens + " x " + shape.hidden() + " x " + k
                + (isRouted ? ", " + shape.experts() : "");
    }

    @Override
    public long floorBytes() {
        KernelShape.Experts experts = shape.experts();
        long rows = k + 5L * numTokens + 1 + (isRouted ? experts.num() : 0);
        long routed = isRouted ? 4L * (3 * numTokens * experts.perToken() + 2 * experts.num()) : 0;
        return 2 * (rows * shape.hidden() + (long) numTokens * k) + routed;
    }

    @Override
    public long flops() {
        return 2L * numTokens * shape.hidden() * (k + (isRouted ? shape.experts().num() : 0));
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
