package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bf16;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.words;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.Stream;

/** Products of warpgroups, broken in one place each. */
final class ProductFaults {
    private static final String NO_WAIT = "missing-async-wait";
    private static final String RACE = "race-shared";
    private static final String UNSET = "uninitialised";
    private static final String DIVERGENT = "barrier-divergence";
    private static final String STUCK = "deadlock";
    private static final String PRODUCT = "wgmma\\.mma_async.*";
    private static final String COPY = "cp\\.async\\.bulk\\.shared::cluster.*";

    private ProductFaults() {}

    static Stream<FaultCase> all() {
        return Stream.of(
                FaultCase.of(NO_WAIT, "st\\.global.*", tile("sums_read_too_early")),
                FaultCase.of(NO_WAIT, "st\\.global.*", tile("wait_too_lax")),
                FaultCase.of(NO_WAIT, "st\\.global.*", tile("commit_forgotten")),
                FaultCase.of(NO_WAIT, PRODUCT, tile("registers_without_fence")),
                FaultCase.of(NO_WAIT, PRODUCT, r -> product(r, "second_without_fence", 1, 1.5, 128)),
                FaultCase.of(RACE, PRODUCT, tile("tile_without_fence")),
                FaultCase.of(RACE, PRODUCT + "|st\\.shared.*", tile("tile_without_barrier")),
                FaultCase.of(RACE, "st\\.shared.*", r -> product(r, "tile_overwritten", 2, 1, 128)),
                FaultCase.of(DIVERGENT, ".*wgmma.*", tile("warps_disagree")),
                FaultCase.of(FaultCase.WRONG_RESULT, "", tile("wrong_swizzle")),
                FaultCase.of(FaultCase.WRONG_RESULT, "", tile("wrong_step")),
                FaultCase.of(NO_WAIT, "ld\\.global.*", ProductFaults::inputs),
                FaultCase.of(UNSET, ".*", tile("sums_not_set")),
                FaultCase.of(RACE, COPY, r -> product(r, "stage_released_early", 5, 1, 160).value(5)),
                FaultCase.of(RACE, COPY, r -> product(r, "stage_released_one_early", 6, 1, 160).value(6)),
                FaultCase.of(STUCK, ".*", r -> registers(r, "registers_run_out")),
                FaultCase.of(DIVERGENT, "setmaxnreg.*", r -> registers(r, "registers_of_three")));
    }

    private static Program.Source tile(String entry) {
        return r -> product(r, entry, 1, 1, 128);
    }

    private static Program product(Random random, String entry, int tiles, double scale, int numThreads) {
        int k = 64 * tiles;
        short[] a = bf16(floats(random, 64 * k, -1, 1));
        short[] b = bf16(floats(random, 16 * k, -1, 1));
        double[] y = Tiles.product(a, b, 64, 16, k);
        return Program.of("products", entry).block(numThreads).in(Tiles.of(a, 64, k, 64)).in(Tiles.of(b, 16, k, 16))
                .out(64 * 16 * 4, output -> near(y, scale, output));
    }

    private static String near(double[] expected, double scale, ByteBuffer output) {
        for (int i = 0; i < expected.length; i++) {
            float actual = output.getFloat(4 * i);
            if (!(Math.abs(actual - scale * expected[i]) <= 1e-4)) {
                return "[" + i + "] is " + actual + ", not " + scale * expected[i];
            }
        }
        return null;
    }

    /** A in registers, 16 of k at a time, by thread. */
    private static Program inputs(Random random) {
        short[] a = bf16(floats(random, 64 * 64, -1, 1));
        short[] b = bf16(floats(random, 16 * 64, -1, 1));
        int[] fragments = new int[4 * 128 * 4];
        for (int i = 0; i < fragments.length; i++) {
            int thread = i / 4 % 128;
            int row = thread / 32 * 16 + thread % 32 / 4 + i % 2 * 8;
            int k = i / 512 * 16 + thread % 4 * 2 + i / 2 % 2 * 8;
            fragments[i] = a[row * 64 + k] & 0xFFFF | a[row * 64 + k + 1] << 16;
        }
        double[] y = Tiles.product(a, b, 64, 16, 64);
        return Program.of("products", "inputs_changed").block(128).in(fragments).in(Tiles.of(b, 16, 64, 16))
                .out(64 * 16 * 4, output -> near(y, 1, output));
    }

    private static Program registers(Random random, String entry) {
        int[] x = words(random, 256);
        int[] y = new int[256];
        for (int i = 0; i < 256; i++) {
            y[i] = i < 128 ? x[i] : -x[i];
        }
        return Program.of("products", entry).block(256).in(x).out(y);
    }
}
