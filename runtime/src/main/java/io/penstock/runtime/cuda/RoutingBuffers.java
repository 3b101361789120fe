package io.penstock.runtime.cuda;

import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Routed;
import io.penstock.runtime.cuda.DeviceBuffers.Buffer;

/** A routing of which each part is a buffer of its own, so that a check sees what is written beside it. */
final class RoutingBuffers {
    private final DeviceBuffers buffers;
    private final int numExperts;
    private final int expertsPerToken;
    private final Buffer expertIds;
    private final Buffer weights;
    private final Buffer sortedPairs;
    private final Buffer offsets;
    private final DeviceRouting routing;

    private RoutingBuffers(DeviceBuffers buffers, Buffer expertIds, Buffer weights, int numExperts,
            int expertsPerToken) {
        this.buffers = buffers;
        this.numExperts = numExperts;
        this.expertsPerToken = expertsPerToken;
        this.expertIds = expertIds;
        this.weights = weights;
        int numPairs = (int) (weights.sizeBytes() / Float.BYTES);
        int numTokens = numPairs / expertsPerToken;
        sortedPairs = buffers.output("sorted_pairs", (long) Integer.BYTES * numPairs);
        offsets = buffers.output("offsets", (long) Integer.BYTES * (numExperts + 1));
        Buffer tiles = buffers.output("tiles", RoutingAddresses.tilesBytes(numTokens, numExperts, expertsPerToken));
        Buffer masks = buffers.output("masks", RoutingAddresses.masksBytes(numTokens, numExperts));
        routing = new DeviceRouting(
                new RoutingAddresses(expertIds.address(), weights.address(), sortedPairs.address(), offsets.address(),
                        tiles.address(), masks.address(), buffers.ints("counters", 0, 0, 0, 0).address()),
                expertsPerToken);
    }

    /** For a router to write. */
    static RoutingBuffers unwritten(DeviceBuffers buffers, int numTokens, int numExperts, int expertsPerToken) {
        long sizeBytes = (long) Integer.BYTES * numTokens * expertsPerToken;
        return new RoutingBuffers(buffers, buffers.output("expert_ids", sizeBytes),
                buffers.output("routing_weights", sizeBytes), numExperts, expertsPerToken);
    }

    /** With a choice that still has to be grouped. */
    static RoutingBuffers of(DeviceBuffers buffers, Choice choice) {
        return new RoutingBuffers(buffers, buffers.ints("expert_ids", choice.expertIds()),
                buffers.float32("routing_weights", choice.weights()), choice.numExperts(), choice.expertsPerToken());
    }

    DeviceRouting routing() {
        return routing;
    }

    /** All that the router wrote. */
    Routed read(float[] residual, float[] out) {
        Choice choice = new Choice(
                numExperts, expertsPerToken, buffers.readInts(expertIds), buffers.readFloat32(weights));
        return new Routed(residual, out, choice, buffers.readInts(sortedPairs), buffers.readInts(offsets));
    }
}
