package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;

import java.util.Random;
import java.util.stream.Stream;

/** Calls, tables, constants. */
final class CallPrograms {
    private CallPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                CallPrograms::structs, CallPrograms::recursive, CallPrograms::pointers, CallPrograms::virtual,
                CallPrograms::convolve, CallPrograms::zigzag);
    }

    private static Program structs(Random r) {
        float[] a = floats(r, 96, -1, 1);
        float[] b = floats(r, 96, -1, 1);
        float[] y = new float[96];
        for (int i = 0; i < 96; i++) {
            int v = i / 3 * 3;
            int p = v + (i + 1) % 3;
            int q = v + (i + 2) % 3;
            y[i] = (a[p] * b[q] - a[q] * b[p]) * (i / 3 % 4);
        }
        return Program.of("calls", "call_structs").block(32).in(a).in(b).out(y, 1e-6);
    }

    private static int ackermann(int m, int n) {
        return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
    }

    private static long hanoi(int n, int from, int to, long trace) {
        if (n == 0) {
            return trace;
        }
        int other = 3 - from - to;
        long t = hanoi(n - 1, from, other, trace) * 6364136223846793005L + n * 9 + from * 3 + to;
        return hanoi(n - 1, other, to, t);
    }

    private static Program recursive(Random r) {
        int[] y = new int[32];
        long[] z = new long[32];
        for (int t = 0; t < 32; t++) {
            y[t] = ackermann(t & 1, t % 6) + ackermann(2, t % 3);
            z[t] = hanoi(2 + t % 5, 0, 2, t);
        }
        return Program.of("calls", "call_recursive").block(32).out(y).out(z);
    }

    private static Program pointers(Random r) {
        int n = 90;
        float[] a = floats(r, n, -1, 1);
        float[] b = floats(r, n, -1, 1);
        int[] op = ints(r, n, 0, 4);
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            y[i] = (float) switch (op[i]) {
                case 0 -> a[i] + b[i];
                case 1 -> a[i] - b[i];
                case 2 -> a[i] * b[i];
                default -> Math.sqrt((double) a[i] * a[i] + (double) b[i] * b[i]);
            };
        }
        return Program.of("calls", "call_pointers").grid(3).block(32).in(a).in(b).in(op).out(y, 1e-6).value(n);
    }

    private static Program virtual(Random r) {
        float[] sizes = floats(r, 32, 0, 2);
        float[] y = new float[32];
        for (int t = 0; t < 32; t++) {
            float s = sizes[t];
            y[t] = t % 3 == 0 ? 3 * (s + 1) * (s + 1) : s * s;
        }
        return Program.of("calls", "call_virtual").block(32).in(sizes).out(y, 1e-6);
    }

    private static Program convolve(Random r) {
        int width = 19;
        int height = 13;
        float[] x = floats(r, width * height, -1, 1);
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            for (int k = 0; k < 9; k++) {
                int px = Math.clamp(i % width + k % 3 - 1, 0, width - 1);
                int py = Math.clamp(i / width + k / 3 - 1, 0, height - 1);
                y[i] += x[py * width + px] * (k == 4 ? 0.25f : k % 2 == 1 ? 0.125f : 0.0625f);
            }
        }
        return Program.of("calls", "table_convolve_f32").grid(3, 2).block(8, 8)
                .in(x).out(y, 1e-6).value(width).value(height);
    }

    private static Program zigzag(Random r) {
        int[] order = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
        int[] x = ints(r, 64, -100, 100);
        double[] y = new double[64];
        for (int t = 0; t < 64; t++) {
            y[t] = x[t / 16 * 16 + order[t % 16]] * Math.pow(0.5, t / 16);
        }
        return Program.of("calls", "table_zigzag").block(64).in(x).out(y).out(new int[] {64});
    }
}
