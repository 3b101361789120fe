package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.floats;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Softmax, layer norm, RMS norm, attention. */
final class NormPrograms {
    private NormPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                NormPrograms::softmaxWarp, NormPrograms::softmaxBlock, NormPrograms::softmaxOnline,
                NormPrograms::layerNorm, NormPrograms::rmsNorm, NormPrograms::flash, NormPrograms::flashTensorCores,
                NormPrograms::decode);
    }

    private static float[] softmax(float[] x, int rows, int cols) {
        float[] y = new float[x.length];
        for (int r = 0; r < rows; r++) {
            double most = Double.NEGATIVE_INFINITY;
            double sum = 0;
            for (int c = 0; c < cols; c++) {
                most = Math.max(most, x[r * cols + c]);
            }
            for (int c = 0; c < cols; c++) {
                sum += Math.exp(x[r * cols + c] - most);
            }
            for (int c = 0; c < cols; c++) {
                y[r * cols + c] = (float) (Math.exp(x[r * cols + c] - most) / sum);
            }
        }
        return y;
    }

    private static Program softmaxWarp(Random r) {
        float[] x = floats(r, 5 * 77, -8, 8);
        return Program.of("norms", "softmax_warp_f32").grid(2).block(96)
                .in(x).out(softmax(x, 5, 77), 1e-6).value(5).value(77);
    }

    private static Program softmaxBlock(Random r) {
        float[] x = floats(r, 3 * 200, -8, 8);
        return Program.of("norms", "softmax_block_f32").grid(3).block(64).shared(800)
                .in(x).out(softmax(x, 3, 200), 2e-6).value(200);
    }

    private static Program softmaxOnline(Random r) {
        float[] x = floats(r, 2 * 150, -8, 8);
        return Program.of("norms", "softmax_online_f32").grid(2).block(96)
                .in(x).out(softmax(x, 2, 150), 2e-6).value(150);
    }

    private static Program layerNorm(Random r) {
        int cols = 150;
        float[] x = floats(r, 2 * cols, -2, 3);
        float[] gamma = floats(r, cols, 0, 2);
        float[] beta = floats(r, cols, -1, 1);
        float[] y = new float[x.length];
        for (int row = 0; row < 2; row++) {
            double mean = 0;
            double square = 0;
            for (int c = 0; c < cols; c++) {
                mean += x[row * cols + c] / (double) cols;
            }
            for (int c = 0; c < cols; c++) {
                square += Math.pow(x[row * cols + c] - mean, 2) / cols;
            }
            for (int c = 0; c < cols; c++) {
                double normal = (x[row * cols + c] - mean) / Math.sqrt(square + 1e-5f);
                y[row * cols + c] = (float) (normal * gamma[c] + beta[c]);
            }
        }
        return Program.of("norms", "layer_norm_f32").grid(2).block(64)
                .in(x).in(gamma).in(beta).out(y, 1e-5).value(cols).value(1e-5f);
    }

    private static Program rmsNorm(Random r) {
        int cols = 320;
        float[] x = Data.throughBf16(floats(r, 2 * cols, -2, 3));
        float[] w = Data.throughBf16(floats(r, cols, 0, 2));
        float[] y = new float[x.length];
        for (int row = 0; row < 2; row++) {
            double square = 0;
            for (int c = 0; c < cols; c++) {
                square += (double) x[row * cols + c] * x[row * cols + c] / cols;
            }
            for (int c = 0; c < cols; c++) {
                y[row * cols + c] = (float) (x[row * cols + c] / Math.sqrt(square + 1e-5f) * w[c]);
            }
        }
        return Program.of("norms", "rms_norm_bf16").grid(2).block(64).in(Data.bf16(x)).in(Data.bf16(w))
                .out(y.length * 2, output -> nearBf16(y, output, 1.0 / 250)).value(cols).value(1e-5f);
    }

    static String nearBf16(float[] expected, ByteBuffer output, double tolerance) {
        ByteBuffer floats = Program.little(expected.length * 4);
        for (int i = 0; i < expected.length; i++) {
            floats.putFloat(i * 4, Data.bf16(output.getShort(i * 2)));
        }
        return Program.difference(expected, floats, tolerance);
    }

    /** Attention of one query over some keys, in doubles; {@code kv} is keys, values, (head size, scale). */
    private static void attend(float[] q, int query, float[][] kv, int[] keys, float[] o) {
        int size = (int) kv[2][0];
        double[] p = new double[keys.length];
        double most = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys.length; j++) {
            for (int d = 0; d < size; d++) {
                p[j] += (double) q[query * size + d] * kv[0][keys[j] * size + d];
            }
            p[j] *= kv[2][1];
            most = Math.max(most, p[j]);
        }
        double sum = 0;
        for (int j = 0; j < keys.length; j++) {
            p[j] = Math.exp(p[j] - most);
            sum += p[j];
        }
        for (int d = 0; d < size; d++) {
            double out = 0;
            for (int j = 0; j < keys.length; j++) {
                out += p[j] * kv[1][keys[j] * size + d];
            }
            o[query * size + d] = (float) (out / sum);
        }
    }

    private static int[] range(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    private static Program flash(Random r) {
        int length = 50;
        float[] q = floats(r, 2 * length * 32, -1, 1);
        float[] k = floats(r, q.length, -1, 1);
        float[] v = floats(r, q.length, -1, 1);
        float[] o = new float[q.length];
        for (int row = 0; row < 2 * length; row++) {
            attend(q, row, new float[][] {k, v, {32, 0.2f}}, range(row / length * length, row + 1), o);
        }
        return Program.of("attention", "attention_flash_f32").grid(2, 2).block(32)
                .in(q).in(k).in(v).out(o, 1e-5).value(length).value(0.2f);
    }

    private static Program flashTensorCores(Random r) {
        int numKeys = 48;
        float[] q = Data.throughBf16(floats(r, 32 * 16, -1, 1));
        float[] k = Data.throughBf16(floats(r, numKeys * 16, -1, 1));
        float[] v = Data.throughBf16(floats(r, numKeys * 16, -1, 1));
        float[] o = new float[q.length];
        for (int row = 0; row < 32; row++) {
            attend(q, row, new float[][] {k, v, {16, 0.5f}}, range(0, numKeys), o);
        }
        return Program.of("attention", "attention_mma_bf16").grid(2).block(32)
                .in(Data.bf16(q)).in(Data.bf16(k)).in(Data.bf16(v)).out(o, 5e-3).value(numKeys).value(0.5f);
    }

    private static Program decode(Random r) {
        int[] lengths = {1 + r.nextInt(3), 29, 40};
        int maxBlocks = 5;
        int[] table = new int[15];
        for (int i = 0; i < 15; i++) {
            table[i] = (i * 7 + 3) % 15;
        }
        float[] q = floats(r, 3 * 64, -1, 1);
        float[] k = floats(r, 15 * 8 * 64, -1, 1);
        float[] v = floats(r, k.length, -1, 1);
        float[] o = new float[q.length];
        for (int s = 0; s < 3; s++) {
            int[] keys = new int[lengths[s]];
            for (int t = 0; t < keys.length; t++) {
                keys[t] = table[s * maxBlocks + t / 8] * 8 + t % 8;
            }
            attend(q, s, new float[][] {k, v, {64, 0.125f}}, keys, o);
        }
        return Program.of("attention", "attention_decode_f32").grid(3).block(128)
                .in(q).in(k).in(v).in(table).in(lengths).out(o, 1e-5).value(maxBlocks).value(0.125f);
    }
}
