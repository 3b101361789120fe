package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.device.Stream;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Launchers set every argument, choose a shape and allocate nothing. */
class LaunchTest {
    private static final FakeDevice DEVICE = new FakeDevice();
    private static final Map<String, BiConsumer<Stream, Integer>> LAUNCHES = launches();

    /** A launch of each entry but linear's tiles, by name, for a number of rows. */
    private static Map<String, BiConsumer<Stream, Integer>> launches() {
        Map<String, BiConsumer<Stream, Integer>> all = new LinkedHashMap<>();
        AddKernel add = new AddKernel(DEVICE);
        all.put("add_bf16", (stream, rows) -> add.launch(stream, 16, 32, 8L * rows));
        AddRmsNormKernel addRmsNorm = new AddRmsNormKernel(DEVICE, 2048, 1e-5f);
        all.put("add_rms_norm_bf16", (stream, rows) -> addRmsNorm.launch(stream, 16, 32, 48, 64, rows));
        RmsNormKernel rmsNorm = new RmsNormKernel(DEVICE, 2048, 1e-5f);
        all.put("rms_norm_bf16", (stream, rows) -> rmsNorm.launch(stream, 16, 32, 48, rows));
        EmbedKernel embed = new EmbedKernel(DEVICE, 2048);
        var embedded = new EmbedKernel.TokenAddresses(48, 64, 80, 96);
        all.put("embed_bf16", (stream, rows) -> embed.launch(stream, 16, 32, WeightFormat.ROW_MAJOR, embedded, rows));
        GatherLastKernel gatherLast = new GatherLastKernel(DEVICE, 2048);
        all.put("gather_last_bf16", (stream, rows) -> gatherLast.launch(stream, 16, 32, 48, rows));
        addExperts(all);
        SiluAndMulKernel siluAndMul = new SiluAndMulKernel(DEVICE);
        all.put("silu_and_mul_bf16", (stream, rows) -> siluAndMul.launch(stream, 16, 32, rows, 64));
        all.put("silu_and_mul_f32", (stream, rows) -> siluAndMul.launchFloat32(stream, 16, 32, rows, 64));
        QkNormRopeStoreKernel qk = new QkNormRopeStoreKernel(DEVICE, 32, 8, 1e-5f);
        var attentionLayer = new QkNormRopeStoreKernel.LayerAddresses(32, 48, 64);
        var tokens = new QkNormRopeStoreKernel.TokenAddresses(80, 96, 112);
        all.put("qk_norm_rope_store_bf16", (stream, rows) -> qk.launch(stream, 16, attentionLayer, tokens, rows));
        CopyBlocksKernel copyBlocks = new CopyBlocksKernel(DEVICE, 5, 6, 100);
        all.put("copy_blocks_bf16", (stream, rows) -> copyBlocks.launch(stream, 16, 32, 48, rows));
        ShortConvKernel conv = new ShortConvKernel(DEVICE, 2048);
        var convLayer = new ShortConvKernel.LayerAddresses(48, 64, 80, 8192);
        var sequences = new ShortConvKernel.SequenceAddresses(96, 112, 128, 144, 160, 176, 192);
        all.put("short_conv_bf16", (stream, rows) -> conv.launch(stream, 16, 32, convLayer, sequences, rows, 3));
        InProjShortConvKernel inProj = new InProjShortConvKernel(DEVICE, 2048);
        all.put("in_proj_short_conv_m32_bf16",
                (stream, rows) -> inProj.launch(stream, 16, 32, 40, convLayer, sequences, rows, 3));
        LinearKernel linear = LinearKernel.of(DEVICE, WeightFormat.ROW_MAJOR);
        all.put("linear_m16_bf16", (stream, rows) -> linear.launch(stream, 16, 32, 48, rows, 64, 128));
        all.put("linear_m16_f32", (stream, rows) -> linear.launchFloat32(stream, 16, 32, 48, rows, 64, 128));
        all.put("linear_silu_and_mul_m16_bf16",
                (stream, rows) -> linear.launchSiluAndMul(stream, 16, 32, 48, rows, 64, 128));
        return all;
    }

    private static void addExperts(Map<String, BiConsumer<Stream, Integer>> all) {
        var routing = AddRmsNormRouteTopKKernel.RoutingAddresses.at(1 << 20, 64, 32, 4);
        var layer = new AddRmsNormRouteTopKKernel.LayerAddresses(64, 80, 0);
        var rule = new AddRmsNormRouteTopKKernel.Rule(32, 4, true, 1);
        var route = new AddRmsNormRouteTopKKernel(DEVICE, 2048, 1e-5f, rule, WeightFormat.ROW_MAJOR);
        all.put("add_rms_norm_route_top_k_bf16",
                (stream, rows) -> route.launch(stream, 16, 32, 48, layer, routing, 0, rows));
        var given = new AddRmsNormRouteTopKKernel.RoutingAddresses(16, 32, 48, 64, 80, 96, 112);
        all.put("add_rms_norm_route_top_k_regroup", (stream, rows) -> route.launchRegroup(stream, given, 0, rows));
        GroupedLinearKernel grouped = GroupedLinearKernel.of(DEVICE, WeightFormat.ROW_MAJOR, 32, 4);
        all.put("grouped_linear_m16_bf16", (stream, rows) -> grouped.launch(stream, 16, 32, 48, routing, rows, 64, 72));
        all.put("grouped_linear_silu_and_mul_m16_bf16",
                (stream, rows) -> grouped.launchSiluAndMul(stream, 16, 32, 48, routing, rows, 64, 72));
        addTiled(all, routing);
        CombineAddRmsNormKernel combine = new CombineAddRmsNormKernel(DEVICE, 2048, 4, 1e-5f);
        all.put("combine_add_rms_norm_bf16", (stream, rows) -> combine.launch(stream, 16, 32, 48, 64, 0, rows));
    }

    private static void addTiled(Map<String, BiConsumer<Stream, Integer>> all,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing) {
        GroupedLinearKernel grouped = GroupedLinearKernel.of(DEVICE, WeightFormat.TILES, 32, 4);
        all.put("grouped_linear_tiled_m64_bf16",
                (stream, rows) -> grouped.launch(stream, 16, 32, 48, routing, rows, 64, 72));
        all.put("grouped_linear_silu_and_mul_tiled_m64_bf16",
                (stream, rows) -> grouped.launchSiluAndMul(stream, 16, 32, 48, routing, rows, 64, 72));
        LinearKernel linear = LinearKernel.of(DEVICE, WeightFormat.TILES);
        all.put("linear_tiled_m64_bf16", (stream, rows) -> linear.launch(stream, 16, 32, 48, rows, 64, 128));
        all.put("linear_tiled_m64_f32", (stream, rows) -> linear.launchFloat32(stream, 16, 32, 48, rows, 64, 128));
        all.put("linear_silu_and_mul_tiled_m64_bf16",
                (stream, rows) -> linear.launchSiluAndMul(stream, 16, 32, 48, rows, 64, 128));
        var experts = new ExpertsAddRmsNormKernel(
                DEVICE, new AddRmsNormRouteTopKKernel.Rule(32, 4, true, 1), 2048, 1e-5f);
        var operands = new ExpertsAddRmsNormKernel.Operands(48, 64, 80, 96, 112, 1792);
        all.put("experts_add_rms_norm_tiled_m64_bf16",
                (stream, rows) -> experts.launch(stream, 16, 32, operands, routing, 0, rows));
        EmbedKernel embed = new EmbedKernel(DEVICE, 2048);
        var embedded = new EmbedKernel.TokenAddresses(48, 64, 80, 96);
        all.put("embed_tiled_bf16",
                (stream, rows) -> embed.launch(stream, 16, 32, WeightFormat.TILES, embedded, rows));
    }

    static Iterable<String> entries() {
        return LAUNCHES.keySet();
    }

    @ParameterizedTest
    @MethodSource("entries")
    void everyArgumentIsSet(String entry) {
        long before = DEVICE.stream.numLaunches;
        LAUNCHES.get(entry).accept(DEVICE.stream, 7);
        assertEquals(before + 1, DEVICE.stream.numLaunches);
        assertEquals(entry, DEVICE.stream.kernel.name());
        assertEquals(16, DEVICE.stream.values.get(ValueLayout.JAVA_LONG, 0), "the output comes first");
        assertTrue(DEVICE.stream.shape.dynamicSharedBytes() <= DEVICE.stream.kernel.maxDynamicSharedBytes);
        if (DEVICE.stream.shape.gridX() == 7) {
            LAUNCHES.get(entry).accept(DEVICE.stream, 9);
            assertEquals(9, DEVICE.stream.shape.gridX(), "the grid follows the rows");
        }
    }

    @ParameterizedTest
    @MethodSource("entries")
    void nothingIsLaunchedForNoRows(String entry) {
        long before = DEVICE.stream.numLaunches;
        LAUNCHES.get(entry).accept(DEVICE.stream, 0);
        assertEquals(before, DEVICE.stream.numLaunches);
    }

    @ParameterizedTest
    @MethodSource("entries")
    void launchesAllocateNothing(String entry) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        BiConsumer<Stream, Integer> launch = LAUNCHES.get(entry);
        Integer rows = 7;
        long leastBytes = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 20 && leastBytes > 0; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                launch.accept(DEVICE.stream, rows);
            }
            leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - before);
        }
        long bytes = leastBytes;
        assertTrue(bytes < 1000, () -> bytes + " bytes in 1000 launches");
    }

    @Test
    void attentionHasAsManyBlocksAsTheDeviceHolds() {
        requireAttention(AttentionVariant.MMA, new AttentionPlan.Workers(132 * 8, 132 * 2),
                "attention_decode_bf16 grid 264x1x1, block 128x1x1, 98304 B dynamic shared",
                "attention_prefill_bf16 grid 264x1x1, block 128x1x1, 81920 B dynamic shared");
        requireAttention(AttentionVariant.WGMMA, new AttentionPlan.Workers(132 * 2, 132),
                "attention_decode_wgmma_bf16 grid 132x1x1, block 384x1x1, 198656 B dynamic shared",
                "attention_prefill_wgmma_bf16 grid 132x1x1, block 288x1x1, 99328 B dynamic shared");
    }

    private static void requireAttention(
            AttentionVariant variant, AttentionPlan.Workers workers, String decode, String prefill) {
        AttentionPlan.Sizes sizes =
                new AttentionPlan.Sizes(9, 9, 600, new AttentionPlan.Heads(4, 8), workers);
        AttentionKernel attention = new AttentionKernel(DEVICE, sizes, variant);
        var step = new AttentionKernel.StepAddresses(64, 80, 96, 112);
        attention.launchDecode(DEVICE.stream, 16, 32, 48, step);
        assertEquals(decode, DEVICE.stream.kernel.name() + " " + DEVICE.stream.shape);
        assertTrue(DEVICE.stream.shape.dynamicSharedBytes() <= DEVICE.stream.kernel.maxDynamicSharedBytes);
        attention.launchPrefill(DEVICE.stream, 16, 32, 48, step);
        assertEquals(prefill, DEVICE.stream.kernel.name() + " " + DEVICE.stream.shape);
        assertTrue(DEVICE.stream.shape.dynamicSharedBytes() <= DEVICE.stream.kernel.maxDynamicSharedBytes);
    }

    @Test
    void blockTablesAreUpdatedWhateverTheNumber() {
        var updates = new UpdateBlockTablesKernel.UpdateAddresses(32, 48, 64, 80);
        new UpdateBlockTablesKernel(DEVICE, 7).launch(DEVICE.stream, 16, updates);
        assertEquals("update_block_tables_i32", DEVICE.stream.kernel.name());
        assertEquals("grid 1x1x1, block 32x1x1, 0 B dynamic shared", DEVICE.stream.shape.toString());
    }

    @Test
    void tilesFollowTheRows() {
        LinearKernel linear = LinearKernel.of(DEVICE, WeightFormat.ROW_MAJOR);
        linear.launch(DEVICE.stream, 16, 32, 48, 17, 6144, 2048);
        assertEquals("linear_m64_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 1x96x1, block 128x1x1, 98304 B dynamic shared", DEVICE.stream.shape.toString());
        linear.launchSiluAndMul(DEVICE.stream, 16, 32, 48, 300, 7168, 2048);
        assertEquals("linear_silu_and_mul_m128_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 3x112x1, block 256x1x1, 98304 B dynamic shared", DEVICE.stream.shape.toString());
    }

    @Test
    void tiledBlocksFollowTheParts() {
        LinearKernel linear = LinearKernel.of(DEVICE, WeightFormat.TILES);
        linear.launch(DEVICE.stream, 16, 32, 48, 17, 6144, 2048);
        assertEquals("linear_tiled_m64_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 96x1x1, block 256x1x1, 102496 B dynamic shared", DEVICE.stream.shape.toString());
        linear.launchSiluAndMul(DEVICE.stream, 16, 32, 48, 300, 7168, 2048);
        assertEquals("linear_silu_and_mul_tiled_m128_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 132x1x1, block 384x1x1, 204864 B dynamic shared", DEVICE.stream.shape.toString());
    }

    @Test
    void sizesThatKernelsCannotTakeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new RmsNormKernel(DEVICE, 4096, 1e-5f));
        assertThrows(IllegalArgumentException.class, () -> new EmbedKernel(DEVICE, 2052));
    }
}
