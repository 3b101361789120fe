package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bf16;
import static io.penstock.emulator.corpus.Data.floats;

import java.util.stream.Stream;

/** Kernels for 9.0 alone: pipelines of bulk copies, products of warpgroups, clusters. */
final class HopperPrograms {
    private HopperPrograms() {}

    static Stream<Program.Source> all() {
        return gemms();
    }

    /** Each element as near as the sum in float32, and its rounding to bfloat16, allow. */
    private static Program.Check near(double[] expected, double tolerance) {
        return output -> {
            for (int i = 0; i < expected.length; i++) {
                float actual = bf16(output.getShort(2 * i));
                double bound = Math.abs(expected[i]) / 256 + tolerance;
                if (!(Math.abs(actual - expected[i]) <= bound)) {
                    return "[" + i + "] is " + actual + ", not " + expected[i];
                }
            }
            return null;
        };
    }

    private static Stream<Program.Source> gemms() {
        return Stream.of(
                r -> gemm(r, 256, 128, 384, 2),
                r -> gemm(r, 128, 256, 64, 1));
    }

    private static Program gemm(java.util.Random random, int m, int n, int k, int numBlocks) {
        short[] x = bf16(floats(random, m * k, -1, 1));
        short[] w = bf16(floats(random, n * k, -1, 1));
        int sharedBytes = 4 * 2 * 128 * 128 + 2 * 64 * 256 + 128;
        return Program.of("gemm", "gemm_bf16").grid(numBlocks).block(384).shared(sharedBytes)
                .in(Tiles.of(x, m, k, 128)).in(Tiles.of(w, n, k, 128))
                .out(m * n * 2, near(Tiles.product(x, w, m, n, k), 1e-4))
                .value(m / 128).value(n / 128).value(k / 64);
    }

}
