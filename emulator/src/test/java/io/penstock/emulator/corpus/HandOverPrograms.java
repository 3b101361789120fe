package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.ints;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/** Waiting without barriers, and plain reads beside atomics. */
final class HandOverPrograms {
    private HandOverPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                HandOverPrograms::chain, HandOverPrograms::lock, HandOverPrograms::look, HandOverPrograms::claim,
                HandOverPrograms::halves, HandOverPrograms::divide, HandOverPrograms::bit);
    }

    private static Program chain(Random r) {
        int[] y = new int[64];
        y[0] = 1;
        for (int i = 1; i < 64; i++) {
            y[i] = y[i - 1] * 2 + 1;
        }
        return Program.of("handovers", "lanes_in_a_chain").block(64).out(y);
    }

    private static Program lock(Random r) {
        return Program.of("handovers", "lock_of_all_lanes").grid(3).block(48)
                .inout(new int[1], new int[1]).inout(new int[1], new int[] {144});
    }

    private static Program look(Random r) {
        int[] x = ints(r, 500, -1000, 1000);
        return Program.of("handovers", "look_before_max").grid(4).block(128)
                .in(x).inout(new int[1], new int[] {Math.max(0, Arrays.stream(x).max().orElseThrow())}).value(500);
    }

    private static Program claim(Random r) {
        int n = 200;
        int[] rows = new int[n + 1];
        for (int v = 0; v < n; v++) {
            rows[v + 1] = rows[v] + 3;
        }
        int[] columns = ints(r, 3 * n, 0, n);
        int[] before = new int[n];
        Arrays.fill(before, 15, n, -1);
        int[] after = before.clone();
        for (int e = 0; e < 45; e++) {
            after[columns[e]] = after[columns[e]] < 0 ? 1 : after[columns[e]];
        }
        return Program.of("handovers", "claim_neighbours").grid(4).block(64)
                .in(rows).in(columns).inout(before, after).value(0).value(n);
    }

    private static Program halves(Random r) {
        int[] x = ints(r, 32, -99, 99);
        int[] y = new int[32];
        for (int i = 0; i < 32; i++) {
            y[i] = 3 * x[31 - i ^ 5];
        }
        return Program.of("handovers", "halves_of_a_warp").block(32).in(x).out(y);
    }

    private static Program divide(Random r) {
        long[] x = r.longs(3 * 32).toArray();
        long[] y = new long[2 * 32];
        for (int i = 0; i < 32; i++) {
            x[3 * i] >>>= r.nextInt(64);
            x[3 * i + 2] >>>= r.nextInt(64);
            BigInteger quotient = unsigned(x[3 * i]).shiftLeft(64).add(unsigned(x[3 * i + 1]))
                    .divide(unsigned(x[3 * i + 2] | 1));
            y[2 * i] = quotient.shiftRight(64).longValue();
            y[2 * i + 1] = quotient.longValue();
        }
        return Program.of("handovers", "divide_128").block(32).in(x).out(y);
    }

    private static BigInteger unsigned(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    private static Program bit(Random r) {
        int[] x = ints(r, 32, -2, 3);
        return Program.of("handovers", "bit_of_an_unwritten_byte").block(32)
                .in(x).out(Arrays.stream(x).map(v -> v > 0 ? 7 : -7).toArray());
    }
}
