package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.longs;
import static io.penstock.emulator.corpus.Data.shorts;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/** Prefix sums and reductions. */
final class ScanPrograms {
    private ScanPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                ScanPrograms::hillisSteele, ScanPrograms::blelloch, ScanPrograms::warpShuffle, ScanPrograms::shuffle64,
                ScanPrograms::segmented, ScanPrograms::lookBack, ScanPrograms::tree, ScanPrograms::treeSyncWarp,
                ScanPrograms::types, ScanPrograms::lastBlock, ScanPrograms::redux, ScanPrograms::argmax);
    }

    private static int[] inclusive(int[] x, int tile) {
        int[] y = x.clone();
        for (int i = 0; i < y.length; i++) {
            y[i] += i % tile == 0 ? 0 : y[i - 1];
        }
        return y;
    }

    private static Program hillisSteele(Random r) {
        int[] x = ints(r, 301, -1000, 1000);
        return Program.of("scans", "scan_hillis_steele_i32").grid(3).block(128).shared(2 * 128 * 4)
                .in(x).out(inclusive(x, 128)).value(301);
    }

    private static Program blelloch(Random r) {
        int[] x = ints(r, 700, -1000, 1000);
        int[] exclusive = inclusive(x, 256);
        int[] totals = {exclusive[255], exclusive[511], exclusive[699]};
        for (int i = 0; i < 700; i++) {
            exclusive[i] -= x[i];
        }
        return Program.of("scans", "scan_blelloch_i32").grid(3).block(128).in(x).out(exclusive).out(totals).value(700);
    }

    private static Program warpShuffle(Random r) {
        int[] x = words(r, 500);
        return Program.of("scans", "scan_warp_shuffle_i32").grid(2).block(256)
                .in(x).out(inclusive(x, 256)).value(500);
    }

    private static Program shuffle64(Random r) {
        long[] x = longs(r, 333);
        long[] y = x.clone();
        for (int i = 1; i < y.length; i++) {
            y[i] += y[i - 1];
        }
        return Program.of("scans", "scan_shuffle_u64").block(128).in(x).out(y).value(333);
    }

    private static Program segmented(Random r) {
        float[] x = floats(r, 150, -1, 1);
        byte[] heads = new byte[150];
        double[] sums = new double[150];
        float[] y = new float[150];
        for (int i = 0; i < 150; i++) {
            heads[i] = (byte) (r.nextInt(5) == 0 ? 1 : 0);
            sums[i] = x[i] + (heads[i] == 1 || i % 32 == 0 ? 0 : sums[i - 1]);
            y[i] = (float) sums[i];
        }
        return Program.of("scans", "scan_segmented_f32").grid(3).block(64).in(x).in(heads).out(y, 1e-5).value(150);
    }

    private static Program lookBack(Random r) {
        int[] x = ints(r, 8 * 64 - 5, 0, 1000);
        return Program.of("scans", "scan_look_back_u32").grid(8).block(64)
                .in(x).out(inclusive(x, x.length)).inout(new int[8], (Program.Check) null)
                .inout(new int[1], new int[] {8}).value(x.length);
    }

    private static Program tree(Random r) {
        float[] x = floats(r, 1000, -1, 1);
        float[] partial = new float[3];
        for (int b = 0; b < 3; b++) {
            double sum = 0;
            for (int i = 0; i < 1000; i++) {
                sum += i / 64 % 3 == b ? x[i] : 0;
            }
            partial[b] = (float) sum;
        }
        return Program.of("reductions", "reduce_tree_f32").grid(3).block(64).shared(256)
                .in(x).out(partial, 1e-4).value(1000);
    }

    private static Program treeSyncWarp(Random r) {
        int[] x = words(r, 256);
        int[] sums = {Arrays.stream(x, 0, 128).sum(), Arrays.stream(x, 128, 256).sum()};
        return Program.of("reductions", "reduce_tree_syncwarp_i32").grid(2).block(128).in(x).out(sums);
    }

    private static Program types(Random r) {
        double[] d = doubles(r, 300, -1, 1);
        int[] i = words(r, 300);
        long[] u = longs(r, 300);
        short[] s = shorts(r, 300);
        long most = Arrays.stream(u).reduce(0, (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b);
        short least = Short.MAX_VALUE;
        for (short v : s) {
            least = v < least ? v : least;
        }
        return Program.of("reductions", "reduce_types").grid(4).block(96).in(d).in(i).in(u).in(s)
                .out(new double[] {Arrays.stream(d).sum()}, 1e-12)
                .out(new int[] {Arrays.stream(i).min().getAsInt()}).out(new long[] {most}).out(new short[] {least})
                .value(300);
    }

    private static Program lastBlock(Random r) {
        float[] x = floats(r, 1100, -1, 1);
        double sum = 0;
        for (float v : x) {
            sum += v;
        }
        return Program.of("reductions", "reduce_last_block_f32").grid(6).block(64)
                .in(x).scratch(24).out(new float[] {(float) sum}, 1e-4).inout(new int[1], new int[1]).value(1100);
    }

    private static Program redux(Random r) {
        int[] x = words(r, 64);
        int[] y = new int[14];
        for (int w = 0; w < 2; w++) {
            int[] lanes = Arrays.copyOfRange(x, w * 32, w * 32 + 32);
            int[] all = {
                Arrays.stream(lanes).sum(), Arrays.stream(lanes).min().getAsInt(),
                Arrays.stream(lanes).max().getAsInt(), Arrays.stream(lanes).reduce(-1, (a, b) -> a & b),
                Arrays.stream(lanes).reduce(0, (a, b) -> a | b), Arrays.stream(lanes).reduce(0, (a, b) -> a ^ b),
                Arrays.stream(lanes).reduce(0, (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b)
            };
            System.arraycopy(all, 0, y, w * 7, 7);
        }
        return Program.of("reductions", "reduce_redux").block(64).in(x).out(y);
    }

    private static Program argmax(Random r) {
        float[] x = floats(r, 400, -5, 5);
        x[r.nextInt(400)] = 6;
        x[r.nextInt(400)] = 6;
        int best = 0;
        for (int i = 1; i < 400; i++) {
            best = x[i] > x[best] ? i : best;
        }
        long key = (Float.floatToRawIntBits(6f) | 0x80000000L) << 32 | ~best & 0xffffffffL;
        return Program.of("reductions", "reduce_argmax_f32").grid(2).block(64)
                .in(x).inout(new long[1], new long[] {key}).value(400);
    }
}
