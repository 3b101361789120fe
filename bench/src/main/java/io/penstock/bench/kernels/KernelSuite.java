package io.penstock.bench.kernels;

import io.penstock.kernels.WeightFormat;
import java.util.List;
import java.util.function.BiFunction;

/** All benchmarks of operations. */
public final class KernelSuite {
    private static final int MAX_LOGIT_ROWS = 1024;
    private static final int MAX_SEQS = 2048;

    private static final List<Entry> ALL = List.of(
            new Entry("copy_blocks", CopyBlocksBenchmark::new),
            new Entry("update_block_tables", UpdateBlockTablesBenchmark::new),
            new Entry("embed", EmbedBenchmark::new),
            new Entry("rms_norm", RmsNormBenchmark::new),
            new Entry("add_rms_norm", AddRmsNormBenchmark::new),
            new Entry("add", AddBenchmark::new),
            linear("linear in_proj", LinearBenchmark.Form.BFLOAT16, shape -> 3 * shape.hidden(), KernelShape::hidden),
            linear("linear out_proj", LinearBenchmark.Form.BFLOAT16, KernelShape::hidden, KernelShape::hidden),
            linear("linear gate_up", LinearBenchmark.Form.SILU_AND_MUL, KernelShape::width, KernelShape::hidden),
            linear("linear down_proj", LinearBenchmark.Form.BFLOAT16, KernelShape::hidden, KernelShape::width),
            new Entry("linear_add_rms_norm down_proj",
                    (memory, shape) -> new LinearAddRmsNormBenchmark(memory, shape, shape.width(), false)),
            new Entry("linear_add_rms_norm out_proj",
                    (memory, shape) -> new LinearAddRmsNormBenchmark(memory, shape, shape.hidden(), true)),
            new Entry("linear_add_rms_norm routed",
                    (memory, shape) -> new LinearAddRmsNormBenchmark(memory, shape, shape.width(), true)),
            new Entry("linear lm_head", MAX_LOGIT_ROWS, (memory, shape) -> new LinearBenchmark(
                    memory, LinearBenchmark.Form.FLOAT32, format(memory), shape.vocab(), shape.hidden())),
            new Entry("silu_and_mul", SiluAndMulBenchmark::new),
            new Entry("in_proj_short_conv", InProjShortConvBenchmark::new),
            new Entry("short_conv decode", (memory, shape) -> new ShortConvBenchmark(memory, shape, true)),
            new Entry("short_conv prefill", (memory, shape) -> new ShortConvBenchmark(memory, shape, false)),
            new Entry("qk_norm_rope_store", QkNormRopeStoreBenchmark::new),
            new Entry("qkv_norm_rope_store", QkvNormRopeStoreBenchmark::new),
            new Entry("attention decode", MAX_SEQS, (memory, shape) -> new AttentionBenchmark(memory, shape, true)),
            new Entry("attention prefill", (memory, shape) -> new AttentionBenchmark(memory, shape, false)),
            new Entry("add_rms_norm_route_top_k", AddRmsNormRouteTopKBenchmark::new),
            new Entry("grouped_linear gate_up", (memory, shape) -> new GroupedLinearBenchmark(memory, shape, true)),
            new Entry("grouped_linear down", (memory, shape) -> new GroupedLinearBenchmark(memory, shape, false)),
            new Entry("grouped_linear_add_rms_norm", GroupedLinearAddRmsNormBenchmark::new),
            new Entry("experts_add_rms_norm", ExpertsAddRmsNormBenchmark::new),
            new Entry("combine_add_rms_norm", CombineAddRmsNormBenchmark::new),
            new Entry("gather_last", GatherLastBenchmark::new),
            sample("sample greedy", SampleBenchmark.Request.GREEDY),
            sample("sample temperature", SampleBenchmark.Request.TEMPERATURE),
            sample("sample top_k_80", SampleBenchmark.Request.TOP_K_80),
            sample("sample top_p_90", SampleBenchmark.Request.TOP_P_90),
            sample("sample wide_top_p_90", SampleBenchmark.Request.WIDE_TOP_P_90),
            fromHead("sample_from_head greedy", SampleBenchmark.Request.GREEDY),
            fromHead("sample_from_head temperature", SampleBenchmark.Request.TEMPERATURE),
            new Entry("logprobs", MAX_LOGIT_ROWS, LogprobsBenchmark::new));

    private KernelSuite() {}

    /**
     * A benchmark that can be made for any number of tokens.
     *
     * @param name the operation, and its use in a model if there are several
     * @param maxTokens beyond which no step goes
     * @param opener makes it; one at a time is open, since each fills the device's cache several times over
     */
    public record Entry(
            String name, int maxTokens, BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark> opener) {
        Entry(String name, BiFunction<BenchmarkMemory, KernelShape, KernelBenchmark> opener) {
            this(name, Integer.MAX_VALUE, opener);
        }

        /** The operation's name in every layer. */
        public String operation() {
            int end = name.indexOf(' ');
            return end < 0 ? name : name.substring(0, end);
        }

        /** Opens it in memory that the caller closes after it. */
        public KernelBenchmark open(BenchmarkMemory memory, KernelShape shape) {
            return opener.apply(memory, shape);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private interface Size {
        int of(KernelShape shape);
    }

    private static Entry sample(String name, SampleBenchmark.Request request) {
        return new Entry(name, MAX_LOGIT_ROWS, (memory, shape) -> new SampleBenchmark(memory, shape, request));
    }

    private static Entry fromHead(String name, SampleBenchmark.Request request) {
        return new Entry(name, MAX_LOGIT_ROWS, (memory, shape) -> new SampleFromHeadBenchmark(memory, shape, request));
    }

    private static Entry linear(String name, LinearBenchmark.Form form, Size columns, Size k) {
        return new Entry(name, (memory, shape) -> new LinearBenchmark(
                memory, form, format(memory), columns.of(shape), k.of(shape)));
    }

    private static WeightFormat format(BenchmarkMemory memory) {
        return WeightFormat.of(memory.device().properties());
    }

    /** All of them, in the order in which a forward pass meets the operations. */
    public static List<Entry> all() {
        return ALL;
    }
}
