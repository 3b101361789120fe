package io.penstock.runtime.cuda;

import static io.penstock.runtime.cuda.DeviceBackend.interleave;
import static io.penstock.runtime.cuda.DeviceBackend.tensor;
import static io.penstock.runtime.cuda.DeviceBackend.weight;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Experts;
import io.penstock.runtime.check.OperationBackend.Routed;
import io.penstock.runtime.check.OperationBackend.Router;
import io.penstock.runtime.cuda.DeviceBuffers.Buffer;
import io.penstock.runtime.model.FeedForward.SparseMoe;

/** Those of {@link DeviceBackend}'s operations that mixture-of-experts layers have. */
final class DeviceExpertsBackend {
    private final Device device;
    private final Stream stream;
    private final ModelLimits limits;
    private final CudaOps ops;

    DeviceExpertsBackend(Device device, Stream stream, ModelLimits limits, CudaOps ops) {
        this.device = device;
        this.stream = stream;
        this.limits = limits;
        this.ops = ops;
    }

    /** Tells the operations that a step has so many tokens. */
    private void beginStep(int numTokens) {
        ForwardBatch batch = new ForwardBatch(limits);
        batch.addSequence(0, new int[numTokens], 0, numTokens, 0, new int[ModelLimits.blocksFor(numTokens)]);
        ops.beginStep(batch);
    }

    Routed addRmsNormRouteTopK(float[] residual, float[] update, float[] weight, Router router) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int columns = weight.length;
            int rows = residual.length / columns;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            RoutingBuffers routed = RoutingBuffers.unwritten(
                    buffers, rows, router.rule().numExperts(), router.rule().expertsPerToken());
            beginStep(rows);
            ops.addRmsNormRouteTopK(routed.routing(), tensor(sum, rows, columns), tensor(out, rows, columns),
                    tensor(buffers.bf16("update", update), rows, columns),
                    weight(buffers.bf16("weight", weight), columns), moe(buffers, router, columns));
            return routed.read(buffers.readBf16(sum), buffers.readBf16(out));
        }
    }

    private static SparseMoe moe(DeviceBuffers buffers, Router router, int columns) {
        DeviceWeight bias = router.bias() == null
                ? null : weight(buffers.float32("expert_bias", router.bias()), router.bias().length);
        return new SparseMoe(
                weight(buffers.bf16("gate", router.gate()), columns), bias, null, null, router.rule());
    }

    float[][] linearAddRmsNorm(float[] residual, float[] x, float[] matrix, float[] norm) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int columns = norm.length;
            int rows = residual.length / columns;
            int k = matrix.length / columns;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            Buffer update = buffers.output("update", 2L * residual.length);
            ops.linearAddRmsNorm(tensor(sum, rows, columns), tensor(out, rows, columns),
                    tensor(update, rows, columns), tensor(buffers.bf16("x", x), rows, k),
                    buffers.matrices("matrix", matrix, columns, k, ops.format()),
                    weight(buffers.bf16("norm", norm), columns));
            return new float[][] {buffers.readBf16(sum), buffers.readBf16(out), buffers.readBf16(update)};
        }
    }

    Routed linearAddRmsNormRouteTopK(float[] residual, float[] x, float[] matrix, float[] norm, Router router) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int columns = norm.length;
            int rows = residual.length / columns;
            int k = matrix.length / columns;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            Buffer update = buffers.output("update", 2L * residual.length);
            RoutingBuffers routed = RoutingBuffers.unwritten(
                    buffers, rows, router.rule().numExperts(), router.rule().expertsPerToken());
            beginStep(rows);
            ops.linearAddRmsNormRouteTopK(routed.routing(), tensor(sum, rows, columns), tensor(out, rows, columns),
                    tensor(update, rows, columns), tensor(buffers.bf16("x", x), rows, k),
                    buffers.matrices("matrix", matrix, columns, k, ops.format()),
                    weight(buffers.bf16("norm", norm), columns), moe(buffers, router, columns));
            return routed.read(buffers.readBf16(sum), buffers.readBf16(out));
        }
    }

    private DeviceWeight gateUp(DeviceBuffers buffers, float[][] gates, float[][] ups, int k) {
        int width = gates[0].length / k;
        float[] all = new float[gates.length * 2 * width * k];
        for (int e = 0; e < gates.length; e++) {
            interleave(all, e * 2 * width * k, LinearKernel.GATE_UP_ROWS, k, gates[e], ups[e]);
        }
        return buffers.matrices("gate_up", all, 2 * width, k, ops.format());
    }

    private DeviceWeight down(DeviceBuffers buffers, float[][] downs, int k) {
        int length = downs[0].length;
        float[] all = new float[downs.length * length];
        for (int e = 0; e < downs.length; e++) {
            System.arraycopy(downs[e], 0, all, e * length, length);
        }
        return buffers.matrices("down", all, length / k, k, ops.format());
    }

    float[] groupedLinearSiluAndMul(float[] x, float[][] gates, float[][] ups, int k, Choice choice) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int width = gates[0].length / k;
            int numPairs = choice.expertIds().length;
            Buffer out = buffers.output("y", 2L * numPairs * width);
            DeviceRouting routing = regrouped(buffers, choice);
            ops.groupedLinearSiluAndMul(tensor(out, numPairs, width), tensor(buffers.bf16("x", x), x.length / k, k),
                    gateUp(buffers, gates, ups, k), routing);
            return buffers.readBf16(out);
        }
    }

    float[] groupedLinear(float[] x, float[][] downs, int k, Choice choice) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int columns = downs[0].length / k;
            int numPairs = choice.expertIds().length;
            Buffer out = buffers.output("y", 2L * numPairs * columns);
            DeviceRouting routing = regrouped(buffers, choice);
            ops.groupedLinear(tensor(out, numPairs, columns), tensor(buffers.bf16("x", x), numPairs, k),
                    down(buffers, downs, k), routing);
            return buffers.readBf16(out);
        }
    }

    float[][] groupedLinearAddRmsNorm(
            float[] residual, float[] x, float[][] downs, Choice choice, float[] norm) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int hidden = norm.length;
            int rows = choice.numTokens();
            int numPairs = choice.expertIds().length;
            int k = downs[0].length / hidden;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            Buffer outer = buffers.output("outer", 2L * numPairs * hidden);
            DeviceRouting routing = regrouped(buffers, choice);
            ops.groupedLinearAddRmsNorm(tensor(sum, rows, hidden), tensor(out, rows, hidden),
                    tensor(outer, numPairs, hidden), tensor(buffers.bf16("x", x), numPairs, k), routing,
                    down(buffers, downs, k), weight(buffers.bf16("weight", norm), hidden));
            return new float[][] {buffers.readBf16(sum), buffers.readBf16(out), buffers.readBf16(outer)};
        }
    }

    float[][] expertsAddRmsNorm(float[] residual, float[] x, Experts experts, Choice choice, float[] norm) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int hidden = norm.length;
            int width = experts.gates()[0].length / hidden;
            int rows = choice.numTokens();
            int numPairs = choice.expertIds().length;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.inOut("x", x);
            Buffer inner = buffers.output("inner", 2L * numPairs * width);
            Buffer outer = buffers.output("outer", 2L * numPairs * hidden);
            SparseMoe moe = new SparseMoe(null, null, gateUp(buffers, experts.gates(), experts.ups(), hidden),
                    down(buffers, experts.downs(), width), null);
            ops.expertsAddRmsNorm(tensor(sum, rows, hidden), tensor(out, rows, hidden), tensor(inner, numPairs, width),
                    tensor(outer, numPairs, hidden), regrouped(buffers, choice), moe,
                    weight(buffers.bf16("weight", norm), hidden));
            return new float[][] {buffers.readBf16(sum), buffers.readBf16(out), buffers.readBf16(outer)};
        }
    }

    private DeviceRouting regrouped(DeviceBuffers buffers, Choice choice) {
        DeviceRouting routing = RoutingBuffers.of(buffers, choice).routing();
        int numTokens = choice.numTokens();
        beginStep(numTokens);
        ops.experts().regroup(routing, numTokens);
        return routing;
    }

    float[][] combineAddRmsNorm(float[] residual, float[] expertOut, int expertsPerToken, float[] weight) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            int columns = weight.length;
            int rows = residual.length / columns;
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            beginStep(rows);
            ops.combineAddRmsNorm(tensor(sum, rows, columns), tensor(out, rows, columns),
                    tensor(buffers.bf16("expert_out", expertOut), rows * expertsPerToken, columns),
                    new DeviceRouting(null, expertsPerToken), weight(buffers.bf16("weight", weight), columns));
            return new float[][] {buffers.readBf16(sum), buffers.readBf16(out)};
        }
    }
}
