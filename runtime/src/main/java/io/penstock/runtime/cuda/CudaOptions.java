package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Stream;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.OperationObserver;
import io.penstock.runtime.model.Trace;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * How a model runs on a device.
 *
 * @param graphs when decode steps are captured
 * @param graphBatchSizes sequences of the captured steps, rising; a smaller batch is padded up to the next; empty for
 *     the usual ones
 * @param trace sees the tensors of each step that is launched directly; {@link Trace#NONE} in production
 * @param observer told of each step and, where it is launched directly, of its operations; {@link
 *     OperationObserver#NONE} in production
 * @param tiles folder of {@link TileTableFile}; null for none
 * @param halvedRows rows of a half-batch, for an expert or for any weight of a dense model, from which decode steps are
 *     run as two halves beside each other; 0 for never. Tokens are the same; a step that is traced has no halves
 * @param programmatic whether kernels may begin before the one in front has ended; tokens are the same
 */
public record CudaOptions(GraphMode graphs, int[] graphBatchSizes, Trace trace, OperationObserver observer, Path tiles,
        int halvedRows, boolean programmatic) {
    /** Captured in the background, in the usual sizes. */
    public static final CudaOptions DEFAULTS = new CudaOptions(GraphMode.BACKGROUND, new int[0], Trace.NONE,
            OperationObserver.NONE, null, 0, false);

    /** Up to this many sequences, sizes lie so close that at most a fifth of a batch is padding, but for the least. */
    private static final int[] SMALL_SIZES = {1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64};

    /** Beyond, four sizes between a power of two and the next. */
    private static final int SIZES_PER_DOUBLING = 4;

    public CudaOptions {
        for (int i = 0; i < graphBatchSizes.length; i++) {
            if (graphBatchSizes[i] < 1 || i > 0 && graphBatchSizes[i] <= graphBatchSizes[i - 1]) {
                throw new InputException("graph_batch_sizes must rise from at least 1, not "
                        + Arrays.toString(graphBatchSizes));
            }
        }
        graphBatchSizes = graphBatchSizes.clone();
        if (halvedRows < 0) {
            throw new InputException("halved_rows must be at least 0, not " + halvedRows);
        }
    }

    public CudaOptions withGraphs(GraphMode mode) {
        return new CudaOptions(mode, graphBatchSizes, trace, observer, tiles, halvedRows, programmatic);
    }

    public CudaOptions withGraphBatchSizes(int... sizes) {
        return new CudaOptions(graphs, sizes, trace, observer, tiles, halvedRows, programmatic);
    }

    public CudaOptions withTrace(Trace seen) {
        return new CudaOptions(graphs, graphBatchSizes, seen, observer, tiles, halvedRows, programmatic);
    }

    public CudaOptions withObserver(OperationObserver told) {
        return new CudaOptions(graphs, graphBatchSizes, trace, told, tiles, halvedRows, programmatic);
    }

    public CudaOptions withTiles(Path folder) {
        return new CudaOptions(graphs, graphBatchSizes, trace, observer, folder, halvedRows, programmatic);
    }

    public CudaOptions withHalvedRows(int rows) {
        return new CudaOptions(graphs, graphBatchSizes, trace, observer, tiles, rows, programmatic);
    }

    public CudaOptions withProgrammaticLaunches(boolean areProgrammatic) {
        return new CudaOptions(graphs, graphBatchSizes, trace, observer, tiles, halvedRows, areProgrammatic);
    }

    /**
     * How streams of a device order what is launched on them.
     *
     * @throws InputException if kernels are to begin early and cannot
     */
    Stream.Serialization serialization(Device device) {
        if (!programmatic) {
            return Stream.Serialization.FULL;
        }
        String problem = programmaticProblem(device);
        if (!problem.isEmpty()) {
            throw new InputException(problem + "; leave --pdl out");
        }
        return Stream.Serialization.PROGRAMMATIC;
    }

    /** Whether kernels may begin before the one in front has ended on a device. */
    public static boolean isProgrammaticOn(Device device) {
        return programmaticProblem(device).isEmpty();
    }

    private static String programmaticProblem(Device device) {
        DeviceProperties properties = device.properties();
        int capability = properties.computeCapability();
        boolean hasKernels = WeightFormat.of(properties) == WeightFormat.TILES;
        return !device.programmaticProblem().isEmpty() || hasKernels ? device.programmaticProblem()
                : "programmatic dependent launches are of the kernels for compute capability 9.0, and "
                + properties.name() + " has " + capability / 10 + "." + capability % 10;
    }

    /** Which steps of a model have halves. */
    HalfBatches halves(ModelConfig config) {
        return trace == Trace.NONE ? HalfBatches.of(config, halvedRows) : HalfBatches.NONE;
    }

    /** The sizes to capture for at most {@code maxNumSeqs} sequences, which is the last of them; rising. */
    int[] resolvedSizes(int maxNumSeqs) {
        if (graphs == GraphMode.OFF) {
            return new int[0];
        }
        int[] wanted = graphBatchSizes.length > 0 ? graphBatchSizes : usualSizes(maxNumSeqs);
        return Arrays.stream(wanted).filter(size -> size <= maxNumSeqs).toArray();
    }

    private static int[] usualSizes(int maxNumSeqs) {
        int[] sizes = Arrays.copyOf(SMALL_SIZES, SMALL_SIZES.length + SIZES_PER_DOUBLING * Integer.SIZE + 1);
        int number = SMALL_SIZES.length;
        int last = SMALL_SIZES[number - 1];
        for (int power = last; power < maxNumSeqs && power < 1 << 24; power *= 2) {
            for (int i = 1; i <= SIZES_PER_DOUBLING; i++) {
                sizes[number++] = power + power / SIZES_PER_DOUBLING * i;
            }
        }
        int below = 0;
        while (below < number && sizes[below] < maxNumSeqs) {
            below++;
        }
        sizes[below] = maxNumSeqs;
        return Arrays.copyOf(sizes, below + 1);
    }
}
