package io.penstock.bench.kernels;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/** All benchmarks of operations. */
public final class KernelSuite {
    /** Name of the results file. */
    public static final String NAME = "kernels";

    private static final Map<String, BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark>> ALL = benchmarks();

    private KernelSuite() {}

    private static Map<String, BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark>> benchmarks() {
        Map<String, BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark>> all = new LinkedHashMap<>();
        all.put("embed", EmbedBenchmark::new);
        all.put("rms_norm", RmsNormBenchmark::new);
        all.put("add_rms_norm", AddRmsNormBenchmark::new);
        all.put("add", AddBenchmark::new);
        all.put("linear in_proj", (memory, shape) -> new LinearBenchmark(memory, 3 * shape.hidden(), shape.hidden()));
        all.put("linear out_proj", (memory, shape) -> new LinearBenchmark(memory, shape.hidden(), shape.hidden()));
        all.put("silu_and_mul", SiluAndMulBenchmark::new);
        all.put("short_conv decode", (memory, shape) -> new ShortConvBenchmark(memory, shape, true));
        all.put("short_conv prefill", (memory, shape) -> new ShortConvBenchmark(memory, shape, false));
        all.put("qk_norm_rope_store", QkNormRopeStoreBenchmark::new);
        all.put("gather_last", GatherLastBenchmark::new);
        return Collections.unmodifiableMap(all);
    }

    /** What makes each, by name; one at a time is opened, since each fills the device's cache several times over. */
    public static Map<String, BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark>> all() {
        return ALL;
    }
}
