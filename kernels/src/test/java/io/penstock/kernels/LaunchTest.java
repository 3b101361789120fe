package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.device.Stream;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Launchers set every argument, choose a shape and allocate nothing. */
class LaunchTest {
    private static final FakeDevice DEVICE = new FakeDevice();
    private static final Map<String, BiConsumer<Stream, Integer>> LAUNCHES = EveryLaunch.ofFewRows(DEVICE);

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
        assertEquals("grid 96x1x1, block 256x1x1, 102524 B dynamic shared", DEVICE.stream.shape.toString());
        linear.launchSiluAndMul(DEVICE.stream, 16, 32, 48, 300, 7168, 2048);
        assertEquals("linear_silu_and_mul_tiled_m128_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 132x1x1, block 384x1x1, 204864 B dynamic shared", DEVICE.stream.shape.toString());
    }

    /** A block for each part and for eight tokens behind them, as far as the device holds them. */
    @Test
    void rowsBehindAProductHaveBlocksOfTheirOwn() {
        LinearKernel linear = LinearKernel.of(DEVICE, WeightFormat.TILES);
        var product = new LinearKernel.NormedProduct(48, 2048, 2048, 64, 1e-5f, 80, null);
        linear.launchAddRmsNorm(DEVICE.stream, 16, 32, 96, 112, product, 17);
        assertEquals("linear_tiled_m64_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 67x1x1, block 256x1x1, 102524 B dynamic shared", DEVICE.stream.shape.toString());
        linear.launchAddRmsNorm(DEVICE.stream, 16, 32, 96, 112, product, 4096);
        assertEquals("linear_tiled_m128_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 132x1x1, block 384x1x1, 204884 B dynamic shared", DEVICE.stream.shape.toString());
        assertThrows(IllegalStateException.class, () -> LinearKernel.of(DEVICE, WeightFormat.ROW_MAJOR)
                .launchAddRmsNorm(DEVICE.stream, 16, 32, 96, 112, product, 17));
    }

    @Test
    void tiledBlocksOfConvolutionsFollowTheSequences() {
        InProjShortConvKernel inProj = InProjShortConvKernel.of(DEVICE, WeightFormat.TILES, 2048);
        var layer = new ShortConvKernel.LayerAddresses(48, 64, 80, 8192);
        var sequences = new ShortConvKernel.SequenceAddresses(96, 112, 128, 144, 160, 176, 192);
        inProj.launch(DEVICE.stream, 16, 32, 40, layer, sequences, 64, 0);
        assertEquals("in_proj_short_conv_tiled_m48_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 128x1x1, block 256x1x1, 106608 B dynamic shared", DEVICE.stream.shape.toString());
        inProj.launch(DEVICE.stream, 16, 32, 40, layer, sequences, 2048, 0);
        assertEquals("in_proj_short_conv_tiled_m192_bf16", DEVICE.stream.kernel.name());
        assertEquals("grid 132x1x1, block 512x1x1, 215104 B dynamic shared", DEVICE.stream.shape.toString());
    }

    @Test
    void sizesThatKernelsCannotTakeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new RmsNormKernel(DEVICE, 4096, 1e-5f));
        assertThrows(IllegalArgumentException.class, () -> new EmbedKernel(DEVICE, 2052));
    }
}
