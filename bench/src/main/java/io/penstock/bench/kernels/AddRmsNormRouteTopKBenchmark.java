package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.kernels.WeightFormat;

/** The norm before the experts, the router, and the grouping of what it chose. */
final class AddRmsNormRouteTopKBenchmark implements KernelBenchmark {
    private final KernelShape shape;
    private final int numTokens;
    private final int numCopies;
    private final BenchmarkMemory.Tensor residual;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor update;
    private final AddRmsNormRouteTopKKernel.LayerAddresses layer;
    private final AddRmsNormRouteTopKKernel.RoutingAddresses routing;
    private final AddRmsNormRouteTopKKernel kernel;

    AddRmsNormRouteTopKBenchmark(BenchmarkMemory memory, KernelShape shape) {
        this.shape = shape;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        KernelShape.Experts experts = shape.experts();
        long length = (long) numTokens * shape.hidden();
        residual = memory.bf16("residual", length, numCopies);
        out = memory.output("out", 2 * length, numCopies);
        update = memory.bf16("update", length, numCopies);
        layer = new AddRmsNormRouteTopKKernel.LayerAddresses(
                memory.bf16("norm", shape.hidden(), 1).address(0),
                memory.bf16("gate", (long) experts.num() * shape.hidden(), 1).address(0),
                memory.ints("expert_bias", experts.num(), _ -> 0).address(0));
        routing = BenchmarkRouting.zeros(memory, experts);
        kernel = new AddRmsNormRouteTopKKernel(memory.device(), shape.hidden(), 1e-5f, experts.rule(),
                WeightFormat.of(memory.device().properties()));
    }

    @Override
    public String name() {
        return "add_rms_norm_route_top_k " + numTokens + " x " + shape.hidden() + ", " + shape.experts();
    }

    @Override
    public long floorBytes() {
        KernelShape.Experts experts = shape.experts();
        long rows = 4L * numTokens + 1 + experts.num();
        return 2 * rows * shape.hidden() + 4L * (3 * numTokens * experts.perToken() + 2 * experts.num());
    }

    @Override
    public long flops() {
        return 2L * numTokens * shape.experts().num() * shape.hidden();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(
                stream, residual.address(copy), out.address(copy), update.address(copy), layer, routing, 0, numTokens);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
