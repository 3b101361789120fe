package io.penstock.bench.kernels;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.WeightFormat;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ObjIntConsumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Finds how dense products on tiles are cut best on a device: every legal way of each product is measured. */
public final class TileTuning {
    private static final int[] ROWS = {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

    private final Device device;
    private final Stream stream;
    private final boolean isTimed;
    private final ToDoubleFunction<KernelBenchmark> cost;

    /** A weight's sizes. */
    private record Weight(int rows, int k) {}

    /**
     * On a device whose weights are tiles.
     *
     * @param isTimed whether more than the caches hold is to be moved
     * @param cost of a launch, such as its time
     */
    public TileTuning(Device device, Stream stream, boolean isTimed, ToDoubleFunction<KernelBenchmark> cost) {
        this.device = device;
        this.stream = stream;
        this.isTimed = isTimed;
        this.cost = cost;
    }

    /**
     * Measures the products of a model.
     *
     * @param progress told of each product, and how many are done
     */
    public TileTable run(KernelShape shape, int maxRows, ObjIntConsumer<String> progress) {
        List<TileTable.Choice> choices = new ArrayList<>();
        for (Weight weight : weights(shape)) {
            for (int rows : ROWS) {
                if (rows <= maxRows) {
                    progress.accept(rows + " rows by " + weight.rows + " x " + weight.k, choices.size());
                    choices.add(best(rows, weight));
                }
            }
        }
        return new TileTable(choices);
    }

    /** How many products {@link #run} measures. */
    public static int numProducts(KernelShape shape, int maxRows) {
        return weights(shape).size() * (int) IntStream.of(ROWS).filter(rows -> rows <= maxRows).count();
    }

    private static Set<Weight> weights(KernelShape shape) {
        Set<Weight> weights = new LinkedHashSet<>();
        int hidden = shape.hidden();
        int headWidth = hidden / shape.numHeads();
        weights.add(new Weight((shape.numHeads() + 2 * shape.numKvHeads()) * headWidth, hidden));
        weights.add(new Weight(hidden, hidden));
        weights.add(new Weight(2 * shape.width(), hidden));
        weights.add(new Weight(hidden, shape.width()));
        weights.add(new Weight(shape.vocab(), hidden));
        return weights;
    }

    private TileTable.Choice best(int numRows, Weight weight) {
        TileTable.Choice best = null;
        double least = Double.POSITIVE_INFINITY;
        for (TileTable.Choice choice : TileTable.legal(numRows, weight.rows, weight.k)) {
            try (BenchmarkMemory memory = new BenchmarkMemory(device, stream, numRows, isTimed);
                    KernelBenchmark benchmark = new LinearBenchmark(memory, LinearBenchmark.Form.BFLOAT16,
                            WeightFormat.TILES, weight.rows, weight.k, new TileTable(List.of(choice)))) {
                stream.synchronize();
                double found = cost.applyAsDouble(benchmark);
                if (found < least) {
                    least = found;
                    best = choice;
                }
            }
        }
        return best;
    }
}
