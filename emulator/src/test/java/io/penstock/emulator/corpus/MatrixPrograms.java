package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.longs;
import static io.penstock.emulator.corpus.Data.shorts;

import java.util.Random;
import java.util.stream.Stream;

/** Matrix products and what is near them. */
final class MatrixPrograms {
    private MatrixPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                MatrixPrograms::naive, MatrixPrograms::tiled, MatrixPrograms::tiledDouble, MatrixPrograms::tiledLong,
                MatrixPrograms::doubleBuffered, MatrixPrograms::convolution, MatrixPrograms::sparse,
                MatrixPrograms::tensorBf16, MatrixPrograms::tensorF16, MatrixPrograms::shapes, MatrixPrograms::tensorS8,
                MatrixPrograms::wmmaF16, MatrixPrograms::wmmaBf16, MatrixPrograms::matrixLoads);
    }

    /** c[m, n] = a[m, k] b[k, n], in doubles; b by columns if {@code turned}. */
    private static double[] product(double[] a, double[] b, int m, int n, int k, boolean turned) {
        double[] c = new double[m * n];
        for (int i = 0; i < m * n; i++) {
            for (int j = 0; j < k; j++) {
                c[i] += a[i / n * k + j] * b[turned ? i % n * k + j : j * n + i % n];
            }
        }
        return c;
    }

    private static double[] wide(float[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i];
        }
        return y;
    }

    private static float[] narrow(double[] x) {
        float[] y = new float[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = (float) x[i];
        }
        return y;
    }

    private static Program floatProduct(int[] mnk, Program shape, Random r) {
        float[] a = floats(r, mnk[0] * mnk[2], -1, 1);
        float[] b = floats(r, mnk[2] * mnk[1], -1, 1);
        return shape.in(a).in(b).out(narrow(product(wide(a), wide(b), mnk[0], mnk[1], mnk[2], false)), 1e-5)
                .value(mnk[0]).value(mnk[1]).value(mnk[2]);
    }

    private static Program naive(Random r) {
        return floatProduct(new int[] {19, 23, 37},
                Program.of("gemms", "gemm_naive_f32").grid(3, 3).block(8, 8), r);
    }

    private static Program tiled(Random r) {
        return floatProduct(new int[] {19, 23, 37},
                Program.of("gemms", "gemm_tiled_f32").grid(2, 2).block(16, 16), r);
    }

    private static Program doubleBuffered(Random r) {
        return floatProduct(new int[] {32, 64, 40},
                Program.of("gemms", "gemm_double_buffered_f32").grid(2, 1).block(64), r);
    }

    private static Program tiledDouble(Random r) {
        double[] a = doubles(r, 11 * 13, -1, 1);
        double[] b = doubles(r, 13 * 9, -1, 1);
        return Program.of("gemms", "gemm_tiled_f64").grid(2, 2).block(8, 8)
                .in(a).in(b).out(product(a, b, 11, 9, 13, false), 1e-13).value(11).value(9).value(13);
    }

    private static Program tiledLong(Random r) {
        long[] a = longs(r, 10 * 9);
        long[] b = longs(r, 9 * 11);
        long[] c = new long[110];
        for (int i = 0; i < 110; i++) {
            for (int j = 0; j < 9; j++) {
                c[i] += a[i / 11 * 9 + j] * b[j * 11 + i % 11];
            }
        }
        return Program.of("gemms", "gemm_tiled_i64").grid(2, 2).block(8, 8)
                .in(a).in(b).out(c).value(10).value(11).value(9);
    }

    private static Program convolution(Random r) {
        int length = 45;
        int channels = 21;
        float[] x = floats(r, length * channels, -1, 1);
        float[] w = floats(r, channels * 3, -1, 1);
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            for (int k = 0; k < 3; k++) {
                int t = i / channels + k - 2;
                y[i] += t < 0 ? 0 : w[i % channels * 3 + k] * x[t * channels + i % channels];
            }
        }
        return Program.of("gemms", "conv1d_causal_f32").grid(2, 2).block(16, 4)
                .in(x).in(w).out(y, 1e-6).value(length).value(channels);
    }

    private static Program sparse(Random r) {
        int rows = 7;
        int[] starts = new int[rows + 1];
        for (int i = 0; i < rows; i++) {
            starts[i + 1] = starts[i] + r.nextInt(60);
        }
        int n = Math.max(1, starts[rows]);
        int[] cols = Data.ints(r, n, 0, 50);
        float[] values = floats(r, n, -1, 1);
        float[] x = floats(r, 50, -1, 1);
        float[] y = new float[rows];
        for (int row = 0; row < rows; row++) {
            double sum = 0;
            for (int i = starts[row]; i < starts[row + 1]; i++) {
                sum += (double) values[i] * x[cols[i]];
            }
            y[row] = (float) sum;
        }
        return Program.of("gemms", "spmv_csr_f32").grid(2).block(128)
                .in(starts).in(cols).in(values).in(x).out(y, 1e-5).value(rows);
    }

    private static Program tensorBf16(Random r) {
        float[] a = Data.throughBf16(floats(r, 64 * 96, -1, 1));
        float[] b = Data.throughBf16(floats(r, 96 * 32, -1, 1));
        return Program.of("tensor_cores", "mma_gemm_bf16").grid(1, 2).block(128).in(Data.bf16(a)).in(Data.bf16(b))
                .out(narrow(product(wide(a), wide(b), 64, 32, 96, false)), 1e-4).value(32).value(96);
    }

    private static Program tensorF16(Random r) {
        float[] a = Data.throughF16(floats(r, 32 * 48, -1, 1));
        float[] b = Data.throughF16(floats(r, 16 * 48, -1, 1));
        float[] c = narrow(product(wide(a), wide(b), 32, 16, 48, true));
        return Program.of("tensor_cores", "mma_gemm_f16").grid(2, 2).block(32).in(Data.f16(a)).in(Data.f16(b))
                .out(c, 1e-4)
                .out(c.length * 2, output -> {
                    for (int i = 0; i < c.length; i++) {
                        float v = Float.float16ToFloat(output.getShort(i * 2));
                        if (!(Math.abs(v - c[i]) < 0.02)) {
                            return "[" + i + "] is " + v + ", not " + c[i];
                        }
                    }
                    return null;
                })
                .value(16).value(48);
    }

    private static Program shapes(Random r) {
        float[] a = floats(r, 16 * 8, -1, 1);
        float[] b = floats(r, 8 * 8, -1, 1);
        double[] da = doubles(r, 32, -1, 1);
        double[] db = doubles(r, 32, -1, 1);
        double[] rounded = product(wide(Data.throughBf16(a)), wide(Data.throughBf16(b)), 16, 8, 8, false);
        for (int i = 0; i < 128; i++) {
            int value = (i / 8 >= 8 ? 2 : 0) + i % 2;
            rounded[i] += value + 1;
        }
        return Program.of("tensor_cores", "mma_shapes").block(32).in(a).in(b)
                .out(narrow(product(wide(a), wide(b), 16, 8, 8, false)), 5e-3)
                .in(da).in(db).out(product(da, db, 8, 8, 4, false), 1e-14).out(narrow(rounded), 1e-5);
    }

    private static Program tensorS8(Random r) {
        byte[] a = bytes(r, 16 * 64);
        byte[] b = bytes(r, 24 * 64);
        int[] c = new int[16 * 24];
        for (int i = 0; i < c.length; i++) {
            for (int j = 0; j < 64; j++) {
                c[i] += a[i / 24 * 64 + j] * b[i % 24 * 64 + j];
            }
        }
        return Program.of("tensor_cores", "mma_gemm_s8").grid(3).block(32).in(a).in(b).out(c).value(24).value(64);
    }

    private static Program wmmaF16(Random r) {
        float[] a = Data.throughF16(floats(r, 32 * 48, -1, 1));
        float[] b = Data.throughF16(floats(r, 48 * 32, -1, 1));
        float[] c = floats(r, 32 * 32, -1, 1);
        double[] d = product(wide(a), wide(b), 32, 32, 48, false);
        for (int i = 0; i < d.length; i++) {
            d[i] = 2 * (d[i] + c[i]);
        }
        return Program.of("tensor_cores", "wmma_gemm_f16").grid(2, 2).block(32)
                .in(Data.f16(a)).in(Data.f16(b)).in(c).out(narrow(d), 1e-4).value(32).value(48);
    }

    private static Program wmmaBf16(Random r) {
        float[] a = Data.throughBf16(floats(r, 16 * 32, -1, 1));
        float[] b = Data.throughBf16(floats(r, 32 * 32, -1, 1));
        return Program.of("tensor_cores", "wmma_gemm_bf16").grid(2).block(32).in(Data.bf16(a)).in(Data.bf16(b))
                .out(narrow(product(wide(a), wide(b), 16, 32, 32, true)), 1e-4).value(32).value(32);
    }

    private static int pair(short[] x, int first, int second) {
        return x[first] & 0xffff | x[second] << 16;
    }

    private static Program matrixLoads(Random r) {
        short[] x = shorts(r, 32 * 8);
        int[] y = new int[32 * 7];
        for (int t = 0; t < 32; t++) {
            int g = t / 4;
            int q = t % 4 * 2;
            y[t * 7] = pair(x, g * 8 + q, g * 8 + q + 1);
            for (int k = 0; k < 2; k++) {
                y[t * 7 + 1 + k] = pair(x, (8 + k * 8 + q) * 8 + g, (8 + k * 8 + q + 1) * 8 + g);
            }
            for (int k = 0; k < 4; k++) {
                int row = 31 - (k * 8 + g);
                y[t * 7 + 3 + k] = pair(x, row * 8 + q, row * 8 + q + 1);
            }
        }
        return Program.of("tensor_cores", "ldmatrix_layouts").block(32).in(x).out(y);
    }
}
