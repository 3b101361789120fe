package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** A launch of every kernel, by the launchers themselves, at the lengths of rows of the 8B model. */
final class EveryLaunch {
    /** Rows that between them select every variant. */
    static final int[] ROWS = {7, 60, 250, 8192};

    private static final int HIDDEN = 2048;
    private static final int QKV = 3072;
    private static final int DENSE_WIDTH = 7168;
    private static final int EXPERT_WIDTH = 1792;
    private static final int VOCAB = 128_000;
    private static final float EPS = 1e-5f;
    private static final int MAX_BLOCKS = 16;
    private static final AddRmsNormRouteTopKKernel.Rule RULE = new AddRmsNormRouteTopKKernel.Rule(32, 4, true, 1);
    private static final AddRmsNormRouteTopKKernel.RoutingAddresses ROUTING =
            AddRmsNormRouteTopKKernel.RoutingAddresses.at(1 << 20, 9000, 32, 4);

    private EveryLaunch() {}

    /**
     * By the entry that seven rows select: what launches one kernel for a number of rows. The output's address is 16.
     */
    static Map<String, BiConsumer<Stream, Integer>> ofFewRows(Device device) {
        Map<String, BiConsumer<Stream, Integer>> all = new LinkedHashMap<>();
        addRows(all, device);
        addOperators(all, device);
        addExperts(all, device);
        addRowMajor(all, device);
        addTiled(all, device);
        return all;
    }

    /** Everything there is to launch, for a number of rows: the launches before, and those of several kernels. */
    static List<BiConsumer<Stream, Integer>> all(Device device) {
        List<BiConsumer<Stream, Integer>> all = new ArrayList<>(ofFewRows(device).values());
        var updates = new UpdateBlockTablesKernel.UpdateAddresses(32, 48, 64, 80);
        var updateBlockTables = new UpdateBlockTablesKernel(device, MAX_BLOCKS);
        all.add((stream, rows) -> updateBlockTables.launch(stream, 16, updates));
        for (AttentionVariant variant : AttentionVariant.values()) {
            var sizes = new AttentionPlan.Sizes(
                    9, 9, 600, new AttentionPlan.Heads(4, 8), variant.workers(device.properties()));
            AttentionKernel attention = new AttentionKernel(device, sizes, variant);
            var step = new AttentionKernel.StepAddresses(64, 80, 96, 112);
            all.add((stream, rows) -> attention.launchDecode(stream, 16, 32, 48, step));
            all.add((stream, rows) -> attention.launchPrefill(stream, 16, 32, 48, step));
        }
        SampleKernel sample = new SampleKernel(device, VOCAB, VOCAB, MAX_BLOCKS);
        var rowAddresses = new SampleKernel.RowAddresses(64, 80, 96);
        var sequences = new SampleKernel.SequenceAddresses(112, 128, 144, 160, 176, 192);
        all.add((stream, rows) -> sample.launch(stream, 16, 32, 48, rowAddresses, sequences, false, rows));
        // The head's m64 is for a vocabulary smaller than the 8B model's.
        all.addAll(behindProducts(device));
        LinearKernel linear = LinearKernel.of(device, WeightFormat.ROW_MAJOR);
        all.add((stream, rows) -> linear.launchFloat32(stream, 16, 32, 48, rows, 8000, HIDDEN));
        LogprobsKernel logprobs = new LogprobsKernel(device, VOCAB, VOCAB);
        var scored = new LogprobsKernel.RowAddresses(64, 80, 96, 112, 128);
        all.add((stream, rows) -> logprobs.launch(stream, 16, 32, 48, scored, rows));
        return all;
    }

    /** Rows in the launch of the product that they come from. */
    private static List<BiConsumer<Stream, Integer>> behindProducts(Device device) {
        LinearKernel linear = LinearKernel.of(device, WeightFormat.TILES);
        var routed = new LinearKernel.RoutedRows(
                RULE, new AddRmsNormRouteTopKKernel.LayerAddresses(64, 80, 0), ROUTING, 0);
        var product = new LinearKernel.NormedProduct(48, HIDDEN, HIDDEN, 64, EPS, 96, routed);
        GroupedLinearKernel grouped = GroupedLinearKernel.of(device, WeightFormat.TILES, 32, 4);
        var down = new GroupedLinearKernel.CombinedProduct(48, HIDDEN, EXPERT_WIDTH, 64, EPS, 0);
        return List.of(
                (stream, rows) -> linear.launchAddRmsNorm(stream, 16, 32, 112, 128, product, rows),
                (stream, rows) -> grouped.launchAddRmsNorm(stream, 16, 32, 112, 128, down, ROUTING, rows));
    }

    private static void addRows(Map<String, BiConsumer<Stream, Integer>> all, Device device) {
        AddKernel add = new AddKernel(device);
        all.put("add_bf16", (stream, rows) -> add.launch(stream, 16, 32, 8L * rows));
        AddRmsNormKernel addRmsNorm = new AddRmsNormKernel(device, HIDDEN, EPS);
        all.put("add_rms_norm_bf16", (stream, rows) -> addRmsNorm.launch(stream, 16, 32, 48, 64, rows));
        RmsNormKernel rmsNorm = new RmsNormKernel(device, HIDDEN, EPS);
        all.put("rms_norm_bf16", (stream, rows) -> rmsNorm.launch(stream, 16, 32, 48, rows));
        EmbedKernel embed = new EmbedKernel(device, HIDDEN);
        var embedded = new EmbedKernel.TokenAddresses(48, 64, 80, 96);
        all.put("embed_bf16", (stream, rows) -> embed.launch(stream, 16, 32, WeightFormat.ROW_MAJOR, embedded, rows));
        all.put("embed_tiled_bf16",
                (stream, rows) -> embed.launch(stream, 16, 32, WeightFormat.TILES, embedded, rows));
        GatherLastKernel gatherLast = new GatherLastKernel(device, HIDDEN);
        all.put("gather_last_bf16", (stream, rows) -> gatherLast.launch(stream, 16, 32, 48, rows));
        SiluAndMulKernel siluAndMul = new SiluAndMulKernel(device);
        all.put("silu_and_mul_bf16", (stream, rows) -> siluAndMul.launch(stream, 16, 32, rows, 64));
        all.put("silu_and_mul_f32", (stream, rows) -> siluAndMul.launchFloat32(stream, 16, 32, rows, 64));
    }

    private static void addOperators(Map<String, BiConsumer<Stream, Integer>> all, Device device) {
        QkNormRopeStoreKernel qk = new QkNormRopeStoreKernel(device, 32, 8, EPS);
        var attentionLayer = new QkNormRopeStoreKernel.LayerAddresses(32, 48, 64);
        var tokens = new QkNormRopeStoreKernel.TokenAddresses(80, 96, 112);
        all.put("qk_norm_rope_store_bf16", (stream, rows) -> qk.launch(stream, 16, attentionLayer, tokens, rows));
        QkvNormRopeStoreKernel qkv = new QkvNormRopeStoreKernel(device, TileTable.BUILT_IN, 32, 8, HIDDEN, EPS);
        all.put("qkv_norm_rope_store_tiled_m64_bf16",
                (stream, rows) -> qkv.launch(stream, 16, 32, 48, attentionLayer, tokens, rows));
        CopyBlocksKernel copyBlocks = new CopyBlocksKernel(device, 8, 6, 100);
        all.put("copy_blocks_bf16", (stream, rows) -> copyBlocks.launch(stream, 16, 32, 48, rows));
        ShortConvKernel conv = new ShortConvKernel(device, HIDDEN);
        var convLayer = new ShortConvKernel.LayerAddresses(48, 64, 80, 8192);
        var sequences = new ShortConvKernel.SequenceAddresses(96, 112, 128, 144, 160, 176, 192);
        all.put("short_conv_bf16", (stream, rows) -> conv.launch(stream, 16, 32, convLayer, sequences, rows, 3));
        InProjShortConvKernel inProj = InProjShortConvKernel.of(device, WeightFormat.ROW_MAJOR, HIDDEN);
        all.put("in_proj_short_conv_m32_bf16",
                (stream, rows) -> inProj.launch(stream, 16, 32, 40, convLayer, sequences, rows, 3));
        InProjShortConvKernel tiledInProj = InProjShortConvKernel.of(device, WeightFormat.TILES, HIDDEN);
        all.put("in_proj_short_conv_tiled_m48_bf16",
                (stream, rows) -> tiledInProj.launch(stream, 16, 32, 40, convLayer, sequences, rows, 3));
    }

    private static void addExperts(Map<String, BiConsumer<Stream, Integer>> all, Device device) {
        var layer = new AddRmsNormRouteTopKKernel.LayerAddresses(64, 80, 0);
        var route = new AddRmsNormRouteTopKKernel(device, HIDDEN, EPS, RULE, WeightFormat.ROW_MAJOR);
        all.put("add_rms_norm_route_top_k_bf16",
                (stream, rows) -> route.launch(stream, 16, 32, 48, layer, ROUTING, 0, rows));
        var given = new AddRmsNormRouteTopKKernel.RoutingAddresses(16, 32, 48, 64, 80, 96, 112);
        all.put("add_rms_norm_route_top_k_regroup", (stream, rows) -> route.launchRegroup(stream, given, 0, rows));
        CombineAddRmsNormKernel combine = new CombineAddRmsNormKernel(device, HIDDEN, 4, EPS);
        all.put("combine_add_rms_norm_bf16", (stream, rows) -> combine.launch(stream, 16, 32, 48, 64, 0, rows));
        var experts = new ExpertsAddRmsNormKernel(device, RULE, HIDDEN, EPS);
        var operands = new ExpertsAddRmsNormKernel.Operands(48, 64, 80, 96, 112, EXPERT_WIDTH);
        // It is for few rows: more go the way of three launches.
        all.put("experts_add_rms_norm_tiled_m64_bf16",
                (stream, rows) -> experts.launch(stream, 16, 32, operands, ROUTING, 0, Math.min(rows, 256)));
    }

    private static void addRowMajor(Map<String, BiConsumer<Stream, Integer>> all, Device device) {
        LinearKernel linear = LinearKernel.of(device, WeightFormat.ROW_MAJOR);
        addLinear(all, linear, "m16");
        addGrouped(all, GroupedLinearKernel.of(device, WeightFormat.ROW_MAJOR, 32, 4), "m16");
    }

    private static void addTiled(Map<String, BiConsumer<Stream, Integer>> all, Device device) {
        addLinear(all, LinearKernel.of(device, WeightFormat.TILES), "tiled_m64");
        addGrouped(all, GroupedLinearKernel.of(device, WeightFormat.TILES, 32, 4), "tiled_m128");
    }

    private static void addLinear(
            Map<String, BiConsumer<Stream, Integer>> all, LinearKernel linear, String variant) {
        all.put("linear_" + variant + "_bf16",
                (stream, rows) -> linear.launch(stream, 16, 32, 48, rows, QKV, HIDDEN));
        all.put("linear_" + variant + "_f32",
                (stream, rows) -> linear.launchFloat32(stream, 16, 32, 48, rows, VOCAB, HIDDEN));
        all.put("linear_silu_and_mul_" + variant + "_bf16",
                (stream, rows) -> linear.launchSiluAndMul(stream, 16, 32, 48, rows, DENSE_WIDTH, HIDDEN));
    }

    private static void addGrouped(
            Map<String, BiConsumer<Stream, Integer>> all, GroupedLinearKernel grouped, String variant) {
        all.put("grouped_linear_" + variant + "_bf16", (stream, rows) ->
                grouped.launch(stream, 16, 32, 48, ROUTING, rows, HIDDEN, EXPERT_WIDTH));
        all.put("grouped_linear_silu_and_mul_" + variant + "_bf16", (stream, rows) ->
                grouped.launchSiluAndMul(stream, 16, 32, 48, ROUTING, rows, EXPERT_WIDTH, HIDDEN));
    }
}
