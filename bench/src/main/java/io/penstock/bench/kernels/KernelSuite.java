package io.penstock.bench.kernels;

import java.util.List;
import java.util.function.BiFunction;

/** All benchmarks of operations. */
public final class KernelSuite {
    /** Name of the results file. */
    public static final String NAME = "kernels";

    private static final List<BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark>> ALL = List.of(
            EmbedBenchmark::new,
            RmsNormBenchmark::new,
            AddRmsNormBenchmark::new,
            AddBenchmark::new,
            (memory, shape) -> new LinearBenchmark(memory, 3 * shape.hidden(), shape.hidden()),
            (memory, shape) -> new LinearBenchmark(memory, shape.hidden(), shape.hidden()),
            SiluAndMulBenchmark::new,
            (memory, shape) -> new ShortConvBenchmark(memory, shape, true),
            (memory, shape) -> new ShortConvBenchmark(memory, shape, false),
            QkNormRopeStoreBenchmark::new,
            GatherLastBenchmark::new);

    private KernelSuite() {}

    /** What makes each benchmark; one at a time is opened, since each fills the device's cache several times over. */
    public static List<BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark>> all() {
        return ALL;
    }
}
