package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.shorts;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.Stream;

/** Data that moves. */
final class LayoutPrograms {
    private LayoutPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                LayoutPrograms::padded, LayoutPrograms::conflicted, LayoutPrograms::swizzled, LayoutPrograms::permute,
                LayoutPrograms::sharedArrays, LayoutPrograms::bankConflicts, LayoutPrograms::vectorLoads,
                LayoutPrograms::unaligned, LayoutPrograms::cacheHints, LayoutPrograms::structure);
    }

    private static Program padded(Random r) {
        int rows = 45;
        int cols = 70;
        float[] x = floats(r, rows * cols, -1, 1);
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i % cols * rows + i / cols] = x[i];
        }
        return Program.of("layouts", "transpose_padded_f32").grid(3, 2).block(32, 8)
                .in(x).out(y).value(rows).value(cols);
    }

    private static Program conflicted(Random r) {
        byte[] x = bytes(r, 64 * 64);
        byte[] y = new byte[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i % 64 * 64 + i / 64] = x[i];
        }
        return Program.of("layouts", "transpose_conflicted_u8").grid(2, 2).block(32, 32).in(x).out(y).value(64);
    }

    private static Program swizzled(Random r) {
        float[] x = floats(r, 64 * 64, -1, 1);
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i % 64 * 64 + i / 64] = x[i];
        }
        return Program.of("layouts", "transpose_swizzled_f32").grid(2, 2).block(256).in(x).out(y).value(64);
    }

    private static Program permute(Random r) {
        int[] n = {5, 7, 11};
        short[] x = shorts(r, 5 * 7 * 11);
        short[] y = new short[x.length];
        for (int a = 0; a < 5; a++) {
            for (int b = 0; b < 7; b++) {
                for (int c = 0; c < 11; c++) {
                    y[(c * 5 + a) * 7 + b] = x[(a * 7 + b) * 11 + c];
                }
            }
        }
        return Program.of("layouts", "permute_3d_i16").grid(2, 3, 3).block(8, 3, 2)
                .in(x).out(y).value(Program.bytes(n)).inout(new int[1], new int[] {18 * 48});
    }

    private static Program sharedArrays(Random r) {
        int m = 48;
        int n = 90;
        float[] x = floats(r, n, -100, 100);
        double[] sums = new double[n];
        int[] keys = new int[n];
        for (int i = 0; i < n; i++) {
            int t = i % m;
            int other = m - 1 - t;
            int j = i / m * m + other;
            float v = j < n ? x[j] : 0;
            sums[i] = v * 2.0 + v + v;
            keys[i] = (int) (v * 16f) ^ other * 7 & 0xff;
        }
        return Program.of("layouts", "shared_arrays").grid(2).block(m).shared(m * (8 + 8 + 4 + 2 + 1))
                .in(x).out(sums, 1e-12).out(keys).value(n);
    }

    private static Program bankConflicts(Random r) {
        int[] x = ints(r, 32 * 33, -9, 9);
        int stride = 1 + r.nextInt(33);
        int[] y = new int[64];
        for (int t = 0; t < 64; t++) {
            for (int k = 0; k < 32; k++) {
                y[t] = y[t] * 3 + x[(t * stride + k) % (32 * 33)];
            }
        }
        return Program.of("layouts", "bank_conflicts_i32").block(64).in(x).out(y).value(stride);
    }

    private static Program vectorLoads(Random r) {
        int n = 64;
        float[] f = floats(r, 4 * n, -1, 1);
        int[] p = ints(r, 2 * n, -1000, 1000);
        byte[] c = bytes(r, 4 * n);
        short[] s = shorts(r, 4 * n);
        double[] d = doubles(r, 2 * n, -1, 1);
        long[] l = r.longs(2 * n, -100_000, 100_000).toArray();
        byte[] u = bytes(r, 2 * n);
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 4; k++) {
                y[i] += (k + 1.0) * f[4 * i + k] + (k + 1) * c[4 * i + k] + (k % 2 == 0 ? 1 : -1) * s[4 * i + k];
            }
            y[i] += p[2 * i] - p[2 * i + 1] + d[2 * i] * d[2 * i + 1] + l[2 * i] - l[2 * i + 1];
            y[i] += (u[2 * i] & 0xff) * 3 + (u[2 * i + 1] & 0xff);
        }
        return Program.of("layouts", "vector_loads").grid(2).block(32)
                .in(f).in(p).in(c).in(s).in(d).in(l).in(u).out(y, 1e-9);
    }

    private static Program unaligned(Random r) {
        int from = r.nextInt(8);
        int to = r.nextInt(8);
        int n = 500 + r.nextInt(8);
        byte[] x = bytes(r, 520);
        byte[] before = bytes(r, 520);
        byte[] y = before.clone();
        System.arraycopy(x, from, y, to, n);
        return Program.of("layouts", "copy_unaligned").grid(2).block(32)
                .in(x).inout(before, y).value(from).value(to).value(n);
    }

    private static Program cacheHints(Random r) {
        int n = 77;
        float[] x = floats(r, n, -1, 1);
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 6; k++) {
                y[i] += x[(i + k) % n];
            }
        }
        return Program.of("layouts", "cache_hints_f32").grid(2).block(64).in(x).out(y, 1e-6).value(n);
    }

    private static Program structure(Random r) {
        float[] m = floats(r, 12, -1, 1);
        short scale = (short) (r.nextInt(20) - 10);
        byte[] shift = bytes(r, 5);
        long base = r.nextLong();
        byte first = (byte) r.nextInt();
        short second = (short) r.nextInt();
        byte flip = (byte) r.nextInt(2);
        ByteBuffer a = Program.little(64);
        for (float v : m) {
            a.putFloat(v);
        }
        a.putShort(scale).put(shift).putLong(56, base);
        float[] x = floats(r, 32 * 4, -1, 1);
        float[] y = new float[96];
        for (int i = 0; i < 96; i++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) {
                sum += m[i % 3 * 4 + k] * x[i / 3 * 4 + k];
            }
            y[i] = (float) ((flip == 1 ? -sum : sum) * scale + shift[i / 3 % 5] + base % 1000 + first
                    + (second & 0xffff));
        }
        return Program.of("layouts", "struct_by_value").block(32)
                .value(first).value(a.array()).value(second).in(x).out(y, 1e-5).value(flip);
    }
}
