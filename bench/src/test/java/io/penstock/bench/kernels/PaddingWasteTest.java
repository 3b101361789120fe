package io.penstock.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.kernels.TiledBlock;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tensor cores multiply whole tiles of rows; of random routing they have little to multiply that is no row. */
class PaddingWasteTest {
    /** Columns and k are multiples of the largest tile's, so that whatever is too much is rows. */
    private static final KernelShape SHAPE =
            new KernelShape(128, 128, 2, 1, 128, new KernelShape.Experts(32, 4, 128));

    /** Rows of an expert on average, and the most rows computed for each that there is. */
    @ParameterizedTest
    @CsvSource({"8, 2.1", "16, 1.6", "32, 1.3", "64, 1.15", "128, 1.15", "256, 1.06"})
    void rowsComputedToRowsUseful(int rowsOfExpert, double maxRatio) {
        requireRatio(80, rowsOfExpert, maxRatio);
    }

    private static void requireRatio(int computeCapability, int rowsOfExpert, double maxRatio) {
        for (boolean isGateUp : new boolean[] {true, false}) {
            requireRatio(computeCapability, rowsOfExpert, maxRatio,
                    memory -> new GroupedLinearBenchmark(memory, SHAPE, isGateUp),
                    GroupedLinearBenchmark::rowsOfExperts,
                    rows -> isGateUp ? issuesOfGateUp(rows) : issuesOfDown(rows));
        }
    }

    /** Where rows are columns of the tensor cores' product, in the numbers that there is code for. */
    @ParameterizedTest
    @CsvSource({"64, 1.35", "128, 1.10", "256, 1.10", "512, 1.10"})
    void rowsComputedToRowsUsefulOnHopper(int rowsOfExpert, double maxRatio) {
        requireRatio(90, rowsOfExpert, maxRatio);
    }

    /** The same of both products in one launch. */
    @ParameterizedTest
    @CsvSource({"8, 1.7", "32, 1.8"})
    void fewRowsComputedToRowsUsefulOnHopper(int rowsOfExpert, double maxRatio) {
        requireRatio(90, rowsOfExpert, maxRatio, memory -> new ExpertsAddRmsNormBenchmark(memory, SHAPE),
                ExpertsAddRmsNormBenchmark::rowsOfExperts, rows -> issuesOfGateUp(rows) + issuesOfDown(rows));
    }

    private static <B extends KernelBenchmark> void requireRatio(int computeCapability, int rowsOfExpert,
            double maxRatio, Function<BenchmarkMemory, B> opener, Function<B, int[]> rowsOfExperts,
            ToLongFunction<int[]> idealIssues) {
        KernelShape.Experts experts = SHAPE.experts();
        int numTokens = rowsOfExpert * experts.num() / experts.perToken();
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(rowsOfExpert).on(computeCapability));
        Stream stream = device.createStream("padding waste");
        try (device;
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, numTokens, false);
                B benchmark = opener.apply(memory)) {
            device.clearCounters();
            benchmark.launch(stream, 0);
            stream.synchronize();
            double ratio = (double) device.counters().mmaFlops / benchmark.flops();
            String what = benchmark.name() + ": " + ratio + " rows computed for each useful one";
            assertEquals(List.of(), device.faults(), what);
            assertTrue(ratio >= 1 && ratio <= maxRatio, what);
            if (computeCapability == 90) {
                assertEquals(idealIssues.applyAsLong(rowsOfExperts.apply(benchmark)),
                        device.counters().wgmmaInstructions(), what);
            }
        }
    }

    private static long issuesOfGateUp(int[] rowsOfExperts) {
        return idealIssues(rowsOfExperts, 2 * SHAPE.experts().width(), SHAPE.hidden());
    }

    private static long issuesOfDown(int[] rowsOfExperts) {
        return idealIssues(rowsOfExperts, SHAPE.hidden(), SHAPE.experts().width());
    }

    /** For each part of an expert's rows, 64 rows of its weight and 16 of k: one instruction of up to 256 columns. */
    private static long idealIssues(int[] rowsOfExperts, int weightRows, int k) {
        TiledBlock block = TiledBlock.selectGrouped(IntStream.of(rowsOfExperts).sum(), rowsOfExperts.length);
        long issues = 0;
        for (int rows : rowsOfExperts) {
            for (int tiles = Math.ceilDiv(rows, block.mostRowsOfExpert()), i = 0; i < tiles; i++) {
                int share = (Math.ceilDiv(rows, 16) + i) / tiles * 16;
                issues += (long) weightRows / 64 * k / 16 * Math.ceilDiv(block.paddedOfExpert(share), 256);
            }
        }
        return issues;
    }
}
