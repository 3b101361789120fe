package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bf16;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/** Kernels for 9.0 alone: pipelines of bulk copies, products of warpgroups, clusters. */
final class HopperPrograms {
    private HopperPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(gemms(), attention(), clusters(), groups()).flatMap(programs -> programs);
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

    private static Program gemm(Random random, int m, int n, int k, int numBlocks) {
        short[] x = bf16(floats(random, m * k, -1, 1));
        short[] w = bf16(floats(random, n * k, -1, 1));
        int sharedBytes = 4 * 2 * 128 * 128 + 2 * 64 * 256 + 128;
        return Program.of("gemm", "gemm_bf16").grid(numBlocks).block(384).shared(sharedBytes)
                .in(Tiles.of(x, m, k, 128)).in(Tiles.of(w, n, k, 128))
                .out(m * n * 2, near(Tiles.product(x, w, m, n, k), 1e-4))
                .value(m / 128).value(n / 128).value(k / 64);
    }


    private static Stream<Program.Source> attention() {
        return Stream.of(r -> attention(r, 3));
    }

    private static Program attention(Random random, int numTiles) {
        int numKeys = 64 * numTiles;
        short[] q = bf16(floats(random, 64 * 64, -1, 1));
        short[] k = bf16(floats(random, numKeys * 64, -1, 1));
        short[] v = bf16(floats(random, numKeys * 64, -1, 1));
        double[] scores = Tiles.product(q, k, 64, numKeys, 64);
        double[] y = new double[64 * 64];
        for (int row = 0; row < 64; row++) {
            double sum = 0;
            for (int key = 0; key < numKeys; key++) {
                double weight = Math.exp(scores[row * numKeys + key]);
                sum += weight;
                for (int i = 0; i < 64; i++) {
                    y[row * 64 + i] += weight * bf16(v[key * 64 + i]);
                }
            }
            for (int i = 0; i < 64; i++) {
                y[row * 64 + i] /= sum;
            }
        }
        return Program.of("attention", "attention_prefill").block(160).shared(5 * 8192 + 64)
                .in(Tiles.of(q, 64, 64, 64)).in(Tiles.of(k, numKeys, 64, 64)).in(Tiles.of(v, numKeys, 64, 64))
                .out(64 * 64 * 4, output -> {
                    for (int i = 0; i < y.length; i++) {
                        // Probabilities are rounded to bfloat16.
                        if (!(Math.abs(output.getFloat(4 * i) - y[i]) < 0.005)) {
                            return "[" + i + "] is " + output.getFloat(4 * i) + ", not " + y[i];
                        }
                    }
                    return null;
                }).value(numTiles);
    }

    private static int[] map(int n, IntUnaryOperator of) {
        int[] values = new int[n];
        Arrays.setAll(values, of);
        return values;
    }

    private static Stream<Program.Source> clusters() {
        return Stream.of(
                r -> {
                    int[] x = words(r, 8 * 128);
                    int[] y = new int[2];
                    for (int i = 0; i < x.length; i++) {
                        y[i / 512] += x[i];
                    }
                    return Program.of("groups", "cluster_sum").grid(8).block(128).in(x).out(y);
                },
                r -> {
                    byte[] x = Data.bytes(r, 3000);
                    int[] y = new int[256];
                    for (byte each : x) {
                        y[each & 0xFF]++;
                    }
                    return Program.of("groups", "cluster_histogram").grid(4).block(128).in(x)
                            .inout(new int[256], y).value(x.length);
                },
                r -> {
                    int[] x = words(r, 4 * 128);
                    return Program.of("groups", "cluster_ring").grid(4).block(128).in(x).out(map(512, i -> {
                        int sum = 0;
                        for (int step = 0; step < 4; step++) {
                            int from = (i / 128 + 4 - step) % 4;
                            sum += x[from * 128 + 127 - i % 128] * (step == 0 ? 1 : step + 1);
                        }
                        return sum;
                    }));
                },
                r -> Program.of("groups", "cluster_places").grid(6, 4).block(32).out(map(6 * 4 * 8, i -> {
                    int x = i / 8 % 6;
                    int y = i / 48;
                    int[] values = {x % 2, y % 2, x % 2 + y % 2 * 2, x / 2, y / 2, 3, 2, 4};
                    return values[i % 8];
                })),
                r -> {
                    int[] x = words(r, 5 * 128);
                    return Program.of("groups", "multicast_halves").grid(4).block(160).in(x).out(map(512, i -> {
                        int sum = i / 128 % 2;
                        for (int k = 0; k < 5; k++) {
                            sum += x[k * 128 + 127 - i % 128] * (k + 1);
                        }
                        return sum;
                    })).value(5);
                });
    }

    private static Stream<Program.Source> groups() {
        return Stream.of(
                r -> {
                    int[] x = words(r, 4 * 256);
                    return Program.of("groups", "turns").block(256).in(x).out(map(256, i -> {
                        int sum = 0;
                        for (int k = 0; k < 4; k++) {
                            sum += i < 128 ? x[k * 256 + (i ^ 1)] : x[k * 256 + 255 - i] - x[k * 256 + i];
                        }
                        return sum;
                    })).value(4);
                },
                r -> {
                    float[] x = new float[3 * 128];
                    for (int i = 0; i < x.length; i++) {
                        x[i] = r.nextInt(1000);
                    }
                    float[] y = new float[128];
                    for (int i = 0; i < x.length; i++) {
                        y[127 - i % 128] += x[i];
                    }
                    return Program.of("groups", "bulk_sums").grid(3).block(128).in(x).inout(new float[128], y);
                },
                r -> {
                    int[] x = words(r, 3 * 128);
                    return Program.of("groups", "library_barrier").block(128).in(x)
                            .out(map(128, i -> x[127 - i] + x[255 - i] + x[383 - i])).value(3);
                });
    }
}
