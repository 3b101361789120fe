package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Whole algorithms. */
final class AlgorithmPrograms {
    private AlgorithmPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                AlgorithmPrograms::fft, AlgorithmPrograms::walsh, AlgorithmPrograms::blackScholes,
                AlgorithmPrograms::radixSort, AlgorithmPrograms::merge, AlgorithmPrograms::breadthFirst,
                AlgorithmPrograms::components, AlgorithmPrograms::life, AlgorithmPrograms::shortestPaths,
                AlgorithmPrograms::sha256, AlgorithmPrograms::redBlack, AlgorithmPrograms::kmeans);
    }

    private static Program of(String entry) {
        return Program.of("algorithms", entry);
    }

    private static Program fft(Random r) {
        float[] x = floats(r, 2 * 512, -1, 1);
        float[] y = new float[2 * 512];
        for (int i = 0; i < 512; i++) {
            double re = 0;
            double im = 0;
            for (int j = 0; j < 256; j++) {
                double angle = -2 * Math.PI * (i % 256) * j / 256;
                int at = 2 * (i / 256 * 256 + j);
                re += x[at] * Math.cos(angle) - x[at + 1] * Math.sin(angle);
                im += x[at] * Math.sin(angle) + x[at + 1] * Math.cos(angle);
            }
            y[2 * i] = (float) re;
            y[2 * i + 1] = (float) im;
        }
        return of("fft_256_f32").grid(2).block(128).in(x).out(y, 5e-5);
    }

    private static Program walsh(Random r) {
        float[] x = floats(r, 256, -1, 1);
        float[] y = new float[256];
        for (int i = 0; i < 256; i++) {
            double sum = 0;
            for (int j = 0; j < 128; j++) {
                sum += Integer.bitCount(i & 127 & j) % 2 == 0 ? x[i / 128 * 128 + j] : -x[i / 128 * 128 + j];
            }
            y[i] = (float) sum;
        }
        return of("walsh_hadamard_f32").grid(2).block(48).shared(512).inout(x, y, 2e-5).value(7);
    }

    private static double normalCdf(double d) {
        double term = d;
        double sum = d;
        for (int k = 1; k < 120; k++) {
            term *= d * d / (2 * k + 1);
            sum += term;
        }
        return 0.5 + sum * Math.exp(-d * d / 2) / Math.sqrt(2 * Math.PI);
    }

    private static Program blackScholes(Random r) {
        int n = 70;
        float[] options = new float[3 * n];
        float[] prices = new float[2 * n];
        for (int i = 0; i < n; i++) {
            float s = 10 + 20 * r.nextFloat();
            float k = 10 + 20 * r.nextFloat();
            float t = 0.25f + 2 * r.nextFloat();
            options[3 * i] = s;
            options[3 * i + 1] = k;
            options[3 * i + 2] = t;
            double root = Math.sqrt(t);
            double d1 = (Math.log((double) s / k) + (0.02f + 0.5 * 0.3f * 0.3f) * t) / (0.3f * root);
            double discounted = k * Math.exp(-0.02f * t);
            double call = s * normalCdf(d1) - discounted * normalCdf(d1 - 0.3f * root);
            prices[2 * i] = (float) call;
            prices[2 * i + 1] = (float) (call + discounted - s);
        }
        return of("black_scholes_f32").grid(1).block(32).in(options).out(prices, 3e-5)
                .value(0.02f).value(0.3f).value(n);
    }

    private static Program radixSort(Random r) {
        int[] keys = words(r, 512);
        for (int i = 0; i < 100; i++) {
            keys[r.nextInt(512)] = i % 5;
        }
        short[] values = new short[512];
        int[] sorted = new int[512];
        short[] order = new short[512];
        for (int b = 0; b < 512; b += 256) {
            Integer[] at = IntStream.range(b, b + 256).boxed().toArray(Integer[]::new);
            Arrays.sort(at, Comparator.comparing(i -> Integer.toUnsignedLong(keys[i])));
            for (int i = 0; i < 256; i++) {
                values[b + i] = (short) (b + i);
                sorted[b + i] = keys[at[i]];
                order[b + i] = (short) (int) at[i];
            }
        }
        return of("radix_sort_256").grid(2).block(256).inout(keys, sorted).inout(values, order);
    }

    private static Program merge(Random r) {
        int[] a = Arrays.stream(ints(r, 83, 0, 200)).sorted().toArray();
        int[] b = Arrays.stream(ints(r, 61, 0, 200)).sorted().toArray();
        int[] y = IntStream.concat(Arrays.stream(a), Arrays.stream(b)).sorted().toArray();
        return of("merge_path_i32").grid(3).block(64).in(a).value(a.length).in(b).value(b.length).out(y);
    }

    private static Program breadthFirst(Random r) {
        int nodes = 90;
        int[] starts = new int[nodes + 1];
        for (int i = 0; i < nodes; i++) {
            starts[i + 1] = starts[i] + (i == 0 ? 3 : r.nextInt(4));
        }
        int[] edges = ints(r, starts[nodes], 0, nodes);
        int[] depths = new int[nodes];
        Arrays.fill(depths, -1);
        depths[0] = 0;
        var queue = new ArrayDeque<Integer>();
        queue.add(0);
        while (!queue.isEmpty()) {
            int node = queue.remove();
            for (int e = starts[node]; e < starts[node + 1]; e++) {
                if (depths[edges[e]] == -1) {
                    depths[edges[e]] = depths[node] + 1;
                    queue.add(edges[e]);
                }
            }
        }
        return of("breadth_first").block(64).in(starts).in(edges).out(depths).value(nodes);
    }

    private static int root(int[] parent, int i) {
        return parent[i] == i ? i : root(parent, parent[i]);
    }

    private static Program components(Random r) {
        int nodes = 60;
        int[] parent = IntStream.range(0, nodes).toArray();
        int[] edges = ints(r, 2 * 70, 0, nodes);
        int[] least = parent.clone();
        for (int e = 0; e < 70; e++) {
            int a = root(least, edges[2 * e]);
            int b = root(least, edges[2 * e + 1]);
            least[Math.max(a, b)] = Math.min(a, b);
        }
        return of("union_edges").grid(3).block(32)
                .inout(parent, output -> {
                    int[] found = new int[nodes];
                    output.asIntBuffer().get(found);
                    for (int i = 0; i < nodes; i++) {
                        if (found[i] < 0 || found[i] > i || root(found, i) != root(least, i)) {
                            return "node " + i + " has another root than " + root(least, i);
                        }
                    }
                    return null;
                })
                .in(edges).value(70);
    }

    private static Program life(Random r) {
        int width = 45;
        int height = 13;
        byte[] x = new byte[width * height];
        byte[] y = new byte[width * height];
        for (int i = 0; i < x.length; i++) {
            x[i] = (byte) r.nextInt(2);
        }
        for (int i = 0; i < x.length; i++) {
            int alive = -x[i];
            for (int k = 0; k < 9; k++) {
                int row = Math.floorMod(i / width + k / 3 - 1, height);
                alive += x[row * width + Math.floorMod(i % width + k % 3 - 1, width)];
            }
            y[i] = (byte) (alive == 3 || x[i] == 1 && alive == 2 ? 1 : 0);
        }
        return of("game_of_life").grid(2, 2).block(32, 8).in(x).out(y).value(width).value(height);
    }

    private static Program shortestPaths(Random r) {
        int n = 14;
        int[] d = ints(r, n * n, 1, 100);
        int[] shortest = d.clone();
        for (int k = 0; k < n; k++) {
            for (int i = 0; i < n * n; i++) {
                if (i / n != k && i % n != k) {
                    shortest[i] = Math.min(shortest[i], shortest[i / n * n + k] + shortest[k * n + i % n]);
                }
            }
        }
        return of("floyd_warshall").block(64).inout(d, shortest).value(n);
    }

    private static Program sha256(Random r) {
        int length = r.nextInt(56);
        byte[] x = bytes(r, 32 * length + 1);
        int[] y = new int[256];
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (int t = 0; t < 32; t++) {
                ByteBuffer.wrap(digest.digest(Arrays.copyOfRange(x, t * length, t * length + length)))
                        .asIntBuffer().get(y, t * 8, 8);
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        return of("sha256_short").block(32).in(x).value(length).out(y);
    }

    private static Program redBlack(Random r) {
        float[] x = floats(r, 18 * 10, -1, 1);
        float[] y = x.clone();
        for (int k = 0; k < 6; k++) {
            for (int i = 0; i < 16 * 8; i++) {
                int row = i / 16 + 1;
                int c = i % 16 + 1;
                int at = row * 18 + c;
                if ((row + c + k) % 2 == 0) {
                    y[at] = 0.25f * (y[at - 1] + y[at + 1] + y[at - 18] + y[at + 18]);
                }
            }
        }
        return of("red_black_f32").block(16, 8).inout(x, y, 1e-6).value(18).value(3);
    }

    private static Program kmeans(Random r) {
        int n = 120;
        int k = 7;
        float[] points = floats(r, 2 * n, -1, 1);
        float[] centres = floats(r, 2 * k, -1, 1);
        int[] nearest = new int[n];
        int[] sizes = new int[k];
        for (int i = 0; i < n; i++) {
            float best = 1e30f;
            for (int j = 0; j < k; j++) {
                float dx = points[2 * i] - centres[2 * j];
                float dy = points[2 * i + 1] - centres[2 * j + 1];
                float d = dx * dx + dy * dy;
                nearest[i] = d < best ? j : nearest[i];
                best = Math.min(best, d);
            }
            sizes[nearest[i]]++;
        }
        return of("kmeans_assign").grid(2).block(64).shared(12 * k).in(points).in(centres).out(nearest)
                .inout(new int[k], sizes).value(n).value(k);
    }
}
