package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Histograms, atomics, locks. */
final class AtomicPrograms {
    private AtomicPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                AtomicPrograms::shared, AtomicPrograms::global, AtomicPrograms::perWarp, AtomicPrograms::matchAny,
                AtomicPrograms::zoo, AtomicPrograms::casLoops, AtomicPrograms::doubles, AtomicPrograms::lockPerThread,
                AtomicPrograms::lockPerBlock, AtomicPrograms::ticketLock, AtomicPrograms::linkedList);
    }

    private static Program shared(Random r) {
        byte[] x = bytes(r, 700);
        int[] bins = ints(r, 256, 0, 10);
        int[] after = bins.clone();
        for (byte v : x) {
            after[v & 0xff]++;
        }
        return Program.of("atomics", "histogram_shared_u32").grid(3).block(64).in(x).inout(bins, after).value(700);
    }

    private static Program global(Random r) {
        int[] x = ints(r, 200, 0, 1 << 30);
        long[] bins = new long[10];
        for (int v : x) {
            bins[v % 10]++;
        }
        return Program.of("atomics", "histogram_global_u64").grid(4).block(64)
                .in(x).inout(new long[10], bins).value(200).value(10);
    }

    private static Program perWarp(Random r) {
        byte[] x = bytes(r, 4 * 200);
        int[] bins = new int[64];
        for (byte v : x) {
            bins[(v & 0xff) >> 2]++;
        }
        return Program.of("atomics", "histogram_per_warp_u32").block(128).in(x).out(bins).value(200);
    }

    private static Program matchAny(Random r) {
        int[] keys = ints(r, 150, 0, 12);
        int[] counts = new int[12];
        int[] ranks = new int[150];
        for (int i = 0; i < 150; i++) {
            counts[keys[i]]++;
            for (int j = i / 32 * 32; j < i; j++) {
                ranks[i] += keys[j] == keys[i] ? 1 : 0;
            }
        }
        return Program.of("atomics", "histogram_match_any").grid(3).block(64)
                .in(keys).inout(new int[12], counts).out(ranks).value(150);
    }

    private static Program zoo(Random r) {
        int n = 100;
        int[] x = words(r, n);
        int[] o = {7, -7, -1, 0, 0x1234, 50, 0, 3};
        int[] u = {990, 5, 0, -1};
        long[] w = {-1L, 0};
        int[] o2 = o.clone();
        int[] u2 = u.clone();
        long[] w2 = w.clone();
        for (int i = 0; i < n; i++) {
            int v = x[i];
            o2[0] = Math.min(o2[0], v);
            o2[1] = Math.max(o2[1], v);
            o2[2] &= v | 0xff;
            o2[3] |= v & 0xf0f;
            o2[4] ^= v;
            o2[5] -= v & 15;
            o2[6]++;
            o2[7] += 2;
            u2[0] = u2[0] >= 1000 ? 0 : u2[0] + 1;
            u2[1] = u2[1] == 0 || u2[1] > 777 ? 777 : u2[1] - 1;
            u2[2] = Integer.compareUnsigned(u2[2], v) < 0 ? v : u2[2];
            u2[3] = Integer.compareUnsigned(u2[3], v) > 0 ? v : u2[3];
            long shifted = (v & 0xffffffffL) << 20;
            w2[0] = Long.compareUnsigned(w2[0], shifted) > 0 ? shifted : w2[0];
            w2[1] ^= (v & 0xffffffffL) << (i & 31);
        }
        return Program.of("atomics", "atomic_zoo").grid(1).block(128)
                .in(x).inout(o, o2).inout(u, u2).inout(w, w2).inout(new float[] {2}, new float[] {2 + n}).value(n);
    }

    private static Program casLoops(Random r) {
        int n = 120;
        float[] x = floats(r, n, 0, 10);
        float most = 1;
        for (float v : x) {
            most = Math.max(most, v);
        }
        short[] shorts = {(short) 65_000, 7};
        short[] after = {(short) (65_000 + 3 * 60), 7 + 3 * 60};
        return Program.of("atomics", "cas_loops").grid(2).block(64).in(x)
                .inout(new float[] {1}, new float[] {most})
                .inout(new double[] {1.5}, new double[] {12}).inout(shorts, after).value(n);
    }

    private static Program doubles(Random r) {
        double[] x = Data.doubles(r, 90, -1, 1);
        return Program.of("atomics", "atomic_f64_add").grid(3).block(32)
                .in(x).inout(new double[] {3}, new double[] {3 + Arrays.stream(x).sum()}, 1e-12).value(90);
    }

    private static Program lockPerThread(Random r) {
        int guard = 0;
        for (int t = 0; t < 40; t++) {
            for (int k = 0; k < 2 * 3; k++) {
                guard ^= t + 1;
            }
        }
        return Program.of("atomics", "spin_lock_per_thread").grid(2).block(40)
                .inout(new int[1], new int[1]).inout(new int[2], new int[] {240, guard}).value(3);
    }

    private static Program lockPerBlock(Random r) {
        int[] sums = new int[64];
        Arrays.fill(sums, (1 + 2 + 3 + 4) * 3);
        return Program.of("atomics", "spin_lock_per_block").grid(4).block(64)
                .inout(new int[1], new int[1]).inout(new int[64], sums).value(3);
    }

    private static Program ticketLock(Random r) {
        return Program.of("atomics", "ticket_lock").grid(6).block(32)
                .inout(new int[1], new int[] {6}).inout(new int[1], new int[] {6})
                .out(IntStream.range(0, 6).toArray()).inout(new int[1], new int[] {6});
    }

    private static Program linkedList(Random r) {
        int[] head = {-1};
        return Program.of("atomics", "linked_list_push").grid(3).block(32)
                .inout(head, output -> output.getInt(0) < 0 ? "the list is empty" : null)
                .out(80 * 4, output -> {
                    BitSet followed = new BitSet();
                    for (int i = 0; i < 80; i++) {
                        int next = output.getInt(i * 4);
                        if (next < -1 || next >= 80 || next >= 0 && followed.get(next)) {
                            return "node " + i + " is followed by " + next;
                        }
                        followed.set(next + 1 == 0 ? 80 : next);
                    }
                    return followed.cardinality() == 80 ? null : followed + " have a node before them";
                })
                .value(80);
    }
}
