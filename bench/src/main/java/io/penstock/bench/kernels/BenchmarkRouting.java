package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;
import io.penstock.kernels.WeightFormat;
import java.util.SplittableRandom;

/** Random experts for every token, as likely each: what the products of experts are measured with. */
final class BenchmarkRouting {
    private static final int ONE = Float.floatToRawIntBits(1);

    private final RoutingAddresses addresses;
    private final int[] rowsOfExpert;

    /** Queues the grouping of a random choice. */
    BenchmarkRouting(BenchmarkMemory memory, Stream stream, KernelShape.Experts experts, int hidden) {
        int numTokens = memory.numTokens();
        int[] ids = ids(numTokens, experts);
        rowsOfExpert = new int[experts.num()];
        for (int id : ids) {
            rowsOfExpert[id]++;
        }
        RoutingAddresses zeros = zeros(memory, experts);
        addresses = new RoutingAddresses(
                memory.ints("expert_ids", ids.length, i -> ids[i]).address(0),
                memory.ints("routing_weights", ids.length, _ -> ONE).address(0),
                zeros.sortedPairs(), zeros.offsets(), zeros.tiles(), zeros.masks(), zeros.counters());
        try (AddRmsNormRouteTopKKernel kernel = new AddRmsNormRouteTopKKernel(memory.device(), hidden, 1e-5f,
                experts.rule(), WeightFormat.of(memory.device().properties()))) {
            kernel.launchRegroup(stream, addresses, 0, numTokens);
            stream.synchronize();
        }
    }

    int[] rowsOfExperts() {
        return rowsOfExpert;
    }

    /** Memory for a routing of the benchmark's tokens. */
    static RoutingAddresses zeros(BenchmarkMemory memory, KernelShape.Experts experts) {
        int numTokens = memory.numTokens();
        int numInts = Math.toIntExact(
                RoutingAddresses.sizeBytes(numTokens, experts.num(), experts.perToken()) / Integer.BYTES);
        return RoutingAddresses.at(memory.ints("routing", numInts, _ -> 0).address(0), numTokens, experts.num(),
                experts.perToken());
    }

    private static int[] ids(int numTokens, KernelShape.Experts experts) {
        SplittableRandom random = new SplittableRandom(1);
        int[] order = new int[experts.num()];
        int[] ids = new int[numTokens * experts.perToken()];
        for (int e = 0; e < order.length; e++) {
            order[e] = e;
        }
        for (int t = 0; t < numTokens; t++) {
            for (int slot = 0; slot < experts.perToken(); slot++) {
                int other = random.nextInt(slot, order.length);
                int id = order[other];
                order[other] = order[slot];
                order[slot] = id;
                ids[t * experts.perToken() + slot] = id;
            }
        }
        return ids;
    }

    RoutingAddresses addresses() {
        return addresses;
    }

    /** Experts that have a row. */
    int numUsedExperts() {
        int used = 0;
        for (int rows : rowsOfExpert) {
            used += rows > 0 ? 1 : 0;
        }
        return used;
    }
}
