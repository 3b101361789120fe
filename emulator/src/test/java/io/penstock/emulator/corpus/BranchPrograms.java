package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/** Divergence, searches, sorts, arrays in local memory. */
final class BranchPrograms {
    private BranchPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                BranchPrograms::collatz, BranchPrograms::branchSwitch, BranchPrograms::earlyReturn,
                BranchPrograms::returnBeforeBarrier,
                BranchPrograms::mandelbrot, BranchPrograms::binarySearch, BranchPrograms::bitonic,
                BranchPrograms::queens, BranchPrograms::median, BranchPrograms::solve);
    }

    private static Program collatz(Random r) {
        int n = 90;
        int[] x = ints(r, n, 1, 100_000);
        int[] steps = new int[n];
        int[] peak = new int[n];
        for (int i = 0; i < n; i++) {
            long v = x[i];
            long most = v;
            while (v != 1 && steps[i] < 150) {
                v = (v & 1) == 1 ? (3 * v + 1 & 0xffffffffL) : v / 2;
                most = Math.max(most, v);
                steps[i]++;
            }
            peak[i] = (int) most;
        }
        return Program.of("branches", "branch_collatz").grid(3).block(32).in(x).out(steps).out(peak).value(n);
    }

    private static int switched(int v) {
        int acc = 0;
        for (int r = 0; r < 6; r++) {
            int selected = v >> 3 * r & 15;
            if (selected == 7) {
                continue;
            }
            acc = switch (selected) {
                case 0 -> acc + v * 31 + 1;
                case 1 -> acc ^ v << 3;
                case 2 -> acc - 12;
                case 3 -> acc + 5;
                case 4 -> Integer.reverse(acc);
                case 5 -> acc * 7;
                case 6 -> acc >> 2 | v;
                case 8 -> acc + Integer.bitCount(v) * r;
                case 9 -> ~acc;
                case 10 -> acc * 31 + r;
                case 11 -> acc;
                case 12 -> acc ^ 0x5a5a5a5a;
                default -> acc + r;
            };
            r += selected == 11 ? 1 : 0;
            acc += 3;
        }
        return acc;
    }

    private static Program branchSwitch(Random r) {
        int[] x = words(r, 96);
        return Program.of("branches", "branch_switch").grid(3).block(32)
                .in(x).out(Arrays.stream(x).map(BranchPrograms::switched).toArray());
    }

    private static Program earlyReturn(Random r) {
        int n = 200;
        int[] x = ints(r, n, -10, 60);
        int[] y = new int[n];
        for (int i = 0; i < n; i++) {
            int base = i & ~127;
            int v = x[base + Math.min(128, n - base) - 1 - (i - base)];
            int k = 0;
            while (v >= 0 && k < 8 && v <= 5000) {
                v = v * 5 + k++;
            }
            y[i] = v < 0 ? -1 : v > 5000 ? k - 1 : v;
        }
        return Program.of("branches", "branch_early_return").grid(4).block(128).in(x).out(y).value(n);
    }

    private static Program returnBeforeBarrier(Random r) {
        int n = 100;
        int[] x = words(r, n);
        int[] y = new int[n];
        for (int i = 0; i < n; i++) {
            int base = i & ~63;
            y[i] = x[base + Math.min(64, n - base) - 1 - (i - base)];
        }
        return Program.of("branches", "branch_return_before_barrier").grid(2).block(64).in(x).out(y).value(n);
    }

    private static Program mandelbrot(Random r) {
        int width = 21;
        int height = 18;
        float left = -2f + r.nextFloat() * 0.1f;
        float top = -1.2f;
        float step = 0.13f;
        byte[] y = new byte[width * height];
        for (int i = 0; i < y.length; i++) {
            float cx = Math.fma((float) (i % width), step, left);
            float cy = Math.fma((float) (i / width), step, top);
            float zx = 0;
            float zy = 0;
            int k = 0;
            for (; k < 60 && !(zx * zx + zy * zy > 4f); k++) {
                float next = zx * zx - zy * zy + cx;
                zy = Math.fma(2f * zx, zy, cy);
                zx = next;
            }
            y[i] = (byte) k;
        }
        return Program.of("branches", "branch_mandelbrot").grid(3, 3).block(8, 8)
                .out(y).value(width).value(height).value(left).value(top).value(step);
    }

    private static Program binarySearch(Random r) {
        int[] sorted = r.ints(0, 500).distinct().limit(130).sorted().toArray();
        int[] keys = ints(r, 100, -5, 510);
        int[] at = Arrays.stream(keys).map(key -> Arrays.binarySearch(sorted, key)).toArray();
        return Program.of("branches", "branch_binary_search").grid(2).block(64)
                .in(sorted).in(keys).out(at).value(130).value(100);
    }

    private static Program bitonic(Random r) {
        int[] x = words(r, 512);
        int[] y = new int[512];
        for (int b = 0; b < 2; b++) {
            long[] part = Arrays.stream(x, b * 256, b * 256 + 256)
                    .mapToLong(Integer::toUnsignedLong)
                    .sorted()
                    .toArray();
            for (int i = 0; i < 256; i++) {
                y[b * 256 + i] = (int) part[i];
            }
        }
        return Program.of("branches", "bitonic_shared_u32").grid(2).block(128).in(x).out(y);
    }

    private static int queens(int n, int row, int[] column) {
        if (row == n) {
            return 1;
        }
        int count = 0;
        for (int c = 0; c < n; c++) {
            boolean safe = true;
            for (int k = 0; k < row; k++) {
                safe &= column[k] != c && Math.abs(column[k] - c) != row - k;
            }
            if (safe) {
                column[row] = c;
                count += queens(n, row + 1, column);
            }
        }
        return count;
    }

    private static Program queens(Random r) {
        int n = 5 + r.nextInt(2);
        int[] counts = new int[n * n];
        for (int i = 0; i < n * n; i++) {
            int[] column = new int[n];
            column[0] = i / n;
            column[1] = i % n;
            counts[i] = Math.abs(column[0] - column[1]) < 2 ? 0 : queens(n, 2, column);
        }
        return Program.of("branches", "local_queens").block(64).out(counts).value(n);
    }

    private static Program median(Random r) {
        int n = 70;
        short[] x = Data.shorts(r, n);
        short[] y = new short[n];
        for (int i = 0; i < n; i++) {
            short[] window = new short[15];
            for (int k = 0; k < 15; k++) {
                window[k] = x[Math.clamp(i + k - 7, 0, n - 1)];
            }
            Arrays.sort(window);
            y[i] = window[7];
        }
        return Program.of("branches", "local_median_i16").grid(3).block(32).in(x).out(y).value(n);
    }

    private static Program solve(Random r) {
        double[] a = doubles(r, 32 * 16, -1, 1);
        double[] x = doubles(r, 32 * 4, -2, 2);
        double[] b = new double[32 * 4];
        for (int t = 0; t < 32; t++) {
            for (int k = 0; k < 4; k++) {
                a[t * 16 + k * 5] += 3;
            }
            for (int i = 0; i < 4; i++) {
                for (int k = 0; k < 4; k++) {
                    b[t * 4 + i] += a[t * 16 + i * 4 + k] * x[t * 4 + k];
                }
            }
            // The first two rows change places, so that the pivots are not on the diagonal.
            for (int k = 0; k < 4; k++) {
                double v = a[t * 16 + k];
                a[t * 16 + k] = a[t * 16 + 4 + k];
                a[t * 16 + 4 + k] = v;
            }
            double v = b[t * 4];
            b[t * 4] = b[t * 4 + 1];
            b[t * 4 + 1] = v;
        }
        return Program.of("branches", "local_solve_f64").block(32).in(a).in(b).out(x, 1e-9);
    }
}
