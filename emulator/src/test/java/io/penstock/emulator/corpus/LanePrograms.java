package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/** Votes, masks, shuffles. */
final class LanePrograms {
    private LanePrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                LanePrograms::compact, LanePrograms::aggregate, LanePrograms::masks, LanePrograms::widths,
                LanePrograms::transpose, LanePrograms::sort);
    }

    private static Program compact(Random r) {
        int[] x = ints(r, 700, -50, 50);
        int[] kept = Arrays.stream(x).filter(v -> v > 0).toArray();
        int[] y = Arrays.copyOf(kept, 700);
        Arrays.fill(y, kept.length, 700, -7);
        int[] before = new int[700];
        Arrays.fill(before, -7);
        return Program.of("votes", "vote_compact_i32").block(256)
                .in(x).inout(before, y).out(new int[] {kept.length}).value(700);
    }

    private static Program aggregate(Random r) {
        int[] x = ints(r, 150, 0, 1000);
        int[] odd = Arrays.stream(x).filter(v -> (v & 1) == 1).sorted().toArray();
        return Program.of("votes", "vote_aggregate").grid(3).block(64)
                .in(x).inout(new int[1], new int[] {odd.length})
                .out(odd.length * 4, output -> {
                    int[] got = new int[odd.length];
                    output.asIntBuffer().get(got);
                    Arrays.sort(got);
                    return Arrays.equals(got, odd) ? null : "other values than the odd ones";
                })
                .value(150);
    }

    private static int ballot(int[] x, int from, int mask, IntPredicate vote) {
        int bits = 0;
        for (int lane = 0; lane < 32; lane++) {
            bits |= (mask >>> lane & 1) == 1 && vote.test(x[from + lane]) ? 1 << lane : 0;
        }
        return bits;
    }

    private static int bool(boolean b) {
        return b ? 1 : 0;
    }

    private static Program masks(Random r) {
        int[] x = ints(r, 64, 0, 100);
        int[] y = new int[64 * 8];
        int low = 0xfffff;
        for (int t = 0; t < 64; t++) {
            int lane = t & 31;
            int w = t & ~31;
            int mine = (lane & 1) == 1 ? 0xaaaaaaaa : 0x55555555;
            int same = ballot(x, w, mine, v -> v >> 10 == 0);
            int modulo = x[t] % 5;
            int[] o = {
                bool(ballot(x, w, -1, v -> v > 90) != 0), bool(ballot(x, w, -1, v -> v > 2) == -1),
                ballot(x, w, -1, v -> (v & 1) == 1),
                ballot(x, w, lane < 20 ? low : ~low, v -> v > 50),
                lane < 20 ? bool(ballot(x, w, low, v -> v < 99) == low) : bool(ballot(x, w, ~low, v -> v == 7) != 0),
                x[t ^ 2], same + 1, ballot(x, w, mine, v -> v % 5 == modulo)
            };
            System.arraycopy(o, 0, y, t * 8, 8);
        }
        return Program.of("votes", "vote_masks").block(64).in(x).out(y);
    }

    private static Program widths(Random r) {
        int[] x = words(r, 64);
        double[] d = doubles(r, 64, -1, 1);
        int[] y = new int[64 * 7];
        double[] z = new double[64];
        for (int t = 0; t < 64; t++) {
            int w = t & ~31;
            int lane = t & 31;
            int[] o = {
                x[(t & ~7) + (11 & 7)], (t & 7) >= 3 ? x[t - 3] : x[t], (t & 15) + 5 < 16 ? x[t + 5] : x[t], x[t ^ 9],
                x[w + (x[t] & 31)], lane < 24 ? x[t + 8] : x[t], (byte) x[t ^ 1]
            };
            System.arraycopy(o, 0, y, t * 7, 7);
            z[t] = d[lane == 0 ? t : t - 1] + d[w + 31 - lane];
        }
        return Program.of("votes", "shuffle_widths").block(64).in(x).in(d).out(y).out(z);
    }

    private static Program transpose(Random r) {
        int[] x = words(r, 64);
        int[] y = new int[64];
        for (int i = 0; i < 64; i++) {
            for (int b = 0; b < 32; b++) {
                y[(i & ~31) + b] |= (x[i] >>> b & 1) << (i & 31);
            }
        }
        return Program.of("votes", "bit_transpose").grid(2).block(32).in(x).out(y);
    }

    private static Program sort(Random r) {
        float[] x = floats(r, 64, -1, 1);
        float[] y = x.clone();
        Arrays.sort(y, 0, 32);
        Arrays.sort(y, 32, 64);
        return Program.of("votes", "bitonic_warp_f32").grid(2).block(32).in(x).out(y);
    }
}
