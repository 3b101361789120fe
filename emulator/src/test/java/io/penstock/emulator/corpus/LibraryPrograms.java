package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/** What CUDA's own headers make of common needs. */
final class LibraryPrograms {
    private LibraryPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                LibraryPrograms::reduce, LibraryPrograms::labeled, LibraryPrograms::atomicRefs,
                LibraryPrograms::splitBarrier, LibraryPrograms::memcpyAsync, LibraryPrograms::pipeline,
                LibraryPrograms::records);
    }

    private static Program reduce(Random r) {
        int[] x = ints(r, 128, -1000, 1000);
        int[] y = new int[128];
        for (int i = 0; i < 128; i++) {
            int tile = i & ~7;
            y[i] = Arrays.stream(x, tile, tile + 8).sum() * 3 + Arrays.stream(x, tile, tile + 8).max().getAsInt()
                    + Arrays.stream(x, tile, i).sum() * 7;
        }
        int odd = (int) Arrays.stream(x).filter(v -> (v & 1) == 1).count();
        return Program.of("libraries", "groups_reduce").grid(2).block(64).in(x).out(y)
                .inout(new int[1], new int[] {odd});
    }

    private static Program labeled(Random r) {
        int[] x = ints(r, 64, 0, 50);
        int[] y = new int[64];
        for (int i = 0; i < 64; i++) {
            int label = x[i] % 3;
            int[] peers = Arrays.stream(x, i & ~31, (i & ~31) + 32).filter(v -> v % 3 == label).toArray();
            y[i] = Arrays.stream(peers).sum() * 100 + peers.length;
        }
        return Program.of("libraries", "groups_labeled").block(64).in(x).out(y);
    }

    private static Program atomicRefs(Random r) {
        return Program.of("libraries", "atomic_refs").grid(3).block(32)
                .out(new int[] {41}).inout(new int[1], new int[] {1}).inout(new int[3], new int[] {192, 95, 48})
                .out(new int[] {42, 43});
    }

    private static Program splitBarrier(Random r) {
        int[] x = words(r, 64);
        int[] v = x.clone();
        for (int round = 0; round < 3; round++) {
            int[] next = new int[64];
            for (int i = 0; i < 64; i++) {
                next[i] = v[i] * 5 + v[63 - i] + round;
            }
            v = next;
        }
        return Program.of("libraries", "split_barrier").block(64).in(x).out(v);
    }

    private static Program memcpyAsync(Random r) {
        int tiles = 1 + r.nextInt(5);
        int[] x = words(r, tiles * 64);
        int[] y = new int[64];
        for (int k = 0; k < tiles; k++) {
            for (int i = 0; i < 64; i++) {
                y[i] = y[i] * 3 + x[k * 64 + 63 - i];
            }
        }
        return Program.of("libraries", "groups_memcpy_async").block(64).in(x).out(y).value(tiles);
    }

    private static Program pipeline(Random r) {
        int tiles = 1 + r.nextInt(7);
        float[] x = floats(r, tiles * 128, -1, 1);
        double[] sums = new double[128];
        for (int i = 0; i < x.length; i++) {
            sums[i % 128] += x[i] * (double) (i % 4 == 3 ? i / 128 + 1 : i % 4 + 1);
        }
        float[] y = new float[128];
        for (int i = 0; i < 128; i++) {
            y[i] = (float) sums[i];
        }
        return Program.of("libraries", "thread_pipeline").block(32).in(x).out(y, 1e-5).value(tiles);
    }

    private static Program records(Random r) {
        int n = 100;
        ByteBuffer x = Program.little(n * 24);
        for (int i = 0; i < n; i++) {
            byte[] name = new byte[12];
            r.nextBytes(name);
            x.put(name).putShort((short) r.nextInt()).putShort((short) 0).putDouble(r.nextDouble() - 0.5);
        }
        int[] where = new int[n];
        for (int i = 0; i < n; i++) {
            where[i] = 1 + i % 2 + x.get(i * 24);
        }
        return Program.of("libraries", "records").grid(2).block(64).in(x.array())
                .out(n * 24, output -> {
                    for (int i = 0; i < n * 24; i++) {
                        int record = i / 24 * 24;
                        int field = i % 24;
                        byte expected = field >= 5 && field < 9 ? (byte) 'x' : x.get(i);
                        boolean padding = field == 11 || field == 14 || field == 15;
                        if (field < 12 && !padding && output.get(i) != expected) {
                            return "[" + i + "] is " + output.get(i) + ", not " + expected;
                        }
                        short id = (short) (x.getShort(record + 12) * 2 + i / 24 % 32);
                        if (output.getShort(record + 12) != id
                                || output.getDouble(record + 16) != Math.abs(x.getDouble(record + 16))) {
                            return "record " + i / 24 + " has another number";
                        }
                    }
                    return null;
                })
                .out(where).value(n);
    }
}
