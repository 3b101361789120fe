package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/** Barriers, flags, and pipelines of asynchronous copies. */
final class BarrierPrograms {
    private BarrierPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                BarrierPrograms::votes, BarrierPrograms::namedPipeline, BarrierPrograms::halves,
                BarrierPrograms::exchange, BarrierPrograms::producerConsumer, BarrierPrograms::sharedFlag,
                BarrierPrograms::chain, BarrierPrograms::stencil, BarrierPrograms::releaseAcquire,
                BarrierPrograms::oneStage, BarrierPrograms::ownData, BarrierPrograms::twoStages,
                BarrierPrograms::fourStages, BarrierPrograms::zeroFill, BarrierPrograms::primitives,
                BarrierPrograms::specialised);
    }

    private static Program votes(Random r) {
        int[] x = ints(r, 96, 0, 100);
        if (r.nextBoolean()) {
            x[r.nextInt(96)] = -1;
        }
        int count = (int) Arrays.stream(x).filter(v -> v > 50).count();
        int all = Arrays.stream(x).allMatch(v -> v >= 0) ? 2 : 0;
        int any = Arrays.stream(x).anyMatch(v -> v == 77) ? 1 : 0;
        int[] y = new int[96];
        Arrays.fill(y, count * 4 + all + any);
        return Program.of("barriers", "barrier_votes").block(96).in(x).out(y);
    }

    private static Program namedPipeline(Random r) {
        int tiles = 1 + r.nextInt(6);
        int[] x = words(r, tiles * 64);
        int[] y = new int[64];
        for (int i = 0; i < x.length; i++) {
            y[63 - i % 64] += x[i] * 3 * (i / 64 + 1);
        }
        return Program.of("barriers", "named_barrier_pipeline").block(128).in(x).out(y).value(tiles);
    }

    private static Program halves(Random r) {
        int[] x = words(r, 128);
        int[] v = x.clone();
        for (int round = 0; round < 5; round++) {
            int[] next = v.clone();
            for (int i = round < 3 ? 0 : 64; i < 128; i++) {
                next[i] += v[(i & 64) + (i + 1 & 63)];
            }
            v = next;
        }
        int[] y = new int[128];
        for (int i = 0; i < 128; i++) {
            y[i] = v[127 - i];
        }
        return Program.of("barriers", "named_barrier_halves").block(128).in(x).out(y);
    }

    private static Program exchange(Random r) {
        int[] x = words(r, 128);
        int[] v = x.clone();
        for (int round = 0; round < 7; round++) {
            int[] next = new int[128];
            for (int t = 0; t < 128; t++) {
                next[t] = v[(t & ~31) + ((t & 31) * 5 + round & 31)] + round;
            }
            v = next;
        }
        return Program.of("barriers", "warp_exchange").block(128).in(x).out(v).value(7);
    }

    private static Program producerConsumer(Random r) {
        int[] x = words(r, 5 * 16);
        int[] y = new int[16];
        for (int i = 0; i < 5; i++) {
            for (int lane = 0; lane < 16; lane++) {
                y[lane] = y[lane] * 3 + x[i * 16 + 15 - lane];
            }
        }
        return Program.of("barriers", "warp_producer_consumer").block(32).in(x).out(y).value(5);
    }

    private static Program sharedFlag(Random r) {
        int x = r.nextInt();
        int[] y = new int[32];
        Arrays.setAll(y, i -> x * 2 + 1 + i);
        return Program.of("barriers", "shared_flag").block(64).in(new int[] {x}).out(y);
    }

    private static Program chain(Random r) {
        int[] x = ints(r, 5 * 64, -10, 10);
        int[] sums = new int[5];
        for (int i = 0; i < x.length; i++) {
            for (int b = i / 64; b < 5; b++) {
                sums[b] += x[i] > 0 ? 1 : 0;
            }
        }
        int[] flags = {1, 1, 1, 1, 1};
        return Program.of("barriers", "grid_chain").grid(5).block(64).in(x).out(sums).inout(new int[5], flags);
    }

    private static Program stencil(Random r) {
        int n = 110;
        int steps = 4;
        float[] a = floats(r, n, -1, 1);
        float[][] buffers = {a.clone(), new float[n]};
        for (int s = 0; s < steps; s++) {
            float[] in = buffers[s & 1];
            for (int i = 0; i < n; i++) {
                float left = i > 0 ? in[i - 1] : 0;
                float right = i + 1 < n ? in[i + 1] : 0;
                buffers[1 - (s & 1)][i] = 0.25f * left + 0.5f * in[i] + 0.25f * right;
            }
        }
        return Program.of("barriers", "grid_stencil_f32").grid(4).block(32)
                .inout(a, buffers[0], 1e-6).out(buffers[1], 1e-6).inout(new int[1], new int[] {16})
                .value(n).value(steps);
    }

    private static Program releaseAcquire(Random r) {
        int[] x = words(r, 64);
        int[] data = Arrays.stream(x).map(v -> v ^ 0x55).toArray();
        int[] y = new int[128];
        Arrays.setAll(y, i -> data[i % 64] + i / 64 + 1);
        return Program.of("barriers", "release_acquire").grid(3).block(64)
                .in(x).out(data).inout(new int[1], new int[] {1}).out(y);
    }

    private static Program oneStage(Random r) {
        int[] x = words(r, 2 * 64 * 4);
        int[] y = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            y[(i / 256 * 64 + 63 - i / 4 % 64) * 4 + i % 4] = x[i];
        }
        return Program.of("pipelines", "async_one_stage_i32").grid(2).block(64).in(x).out(y);
    }

    private static Program ownData(Random r) {
        float[] x = floats(r, 3 * 192, -1, 1);
        float[] y = new float[192];
        for (int i = 0; i < 192; i++) {
            int at = i / 64 * 192 + i % 64;
            y[i] = x[at] + x[at + 64] * 2 + x[at + 128] * 3;
        }
        return Program.of("pipelines", "async_own_data_f32").block(64).in(x).out(y, 1e-6).value(x.length);
    }

    private static Program twoStages(Random r) {
        int tiles = 1 + r.nextInt(5);
        float[] x = floats(r, tiles * 128, -1, 1);
        double[] sums = new double[32];
        for (int i = 0; i < x.length; i++) {
            sums[31 - i / 4 % 32] += (double) x[i] * (i % 4 + 1) * (i / 128 + 1);
        }
        float[] y = new float[32];
        for (int i = 0; i < 32; i++) {
            y[i] = (float) sums[i];
        }
        return Program.of("pipelines", "async_two_stages_f32").block(32).in(x).out(y, 1e-5).value(tiles);
    }

    private static Program fourStages(Random r) {
        int tiles = 1 + r.nextInt(9);
        int m = 64;
        int[] x = words(r, 2 * tiles * m * 4);
        int[] y = new int[2 * m * 4];
        for (int b = 0; b < 2; b++) {
            for (int t = 0; t < m; t++) {
                int[] sum = new int[4];
                for (int k = 0; k < tiles; k++) {
                    int at = ((b * tiles + k) * m + (t + k) % m) * 4;
                    sum[0] += x[at] * (k + 1);
                    sum[1] ^= x[at + 1] + k;
                    sum[2] = sum[2] * 3 + x[at + 2];
                    sum[3] = Math.max(sum[3], x[at + 3]);
                }
                System.arraycopy(sum, 0, y, (b * m + t) * 4, 4);
            }
        }
        return Program.of("pipelines", "async_four_stages_i32").grid(2).block(m).shared(4 * m * 16)
                .in(x).out(y).value(tiles);
    }

    private static Program zeroFill(Random r) {
        int n = 257 + r.nextInt(250);
        float[] x = floats(r, n, -1, 1);
        float[] y = new float[512];
        for (int i = 0; i < 512; i++) {
            int other = i / 256 * 256 + 255 - i % 256;
            y[i] = (i < n ? x[i] : 0) + (other < n ? x[other] : 0);
        }
        return Program.of("pipelines", "async_zero_fill_f32").grid(2).block(64).in(x).out(y).value(n);
    }

    private static Program primitives(Random r) {
        int n = 1 + r.nextInt(300);
        int tiles = (n + 63) / 64;
        int[] x = words(r, n * 2);
        int[] y = new int[tiles * 128];
        for (int i = 0; i < tiles * 64; i++) {
            int from = i / 64 * 64 + 63 - i % 64;
            y[2 * i] = from < n ? x[2 * from + 1] : 0;
            y[2 * i + 1] = from < n ? x[2 * from] : 0;
        }
        return Program.of("pipelines", "async_primitives_zfill").block(64).in(x).out(y).value(n);
    }

    private static Program specialised(Random r) {
        int tiles = 2 + r.nextInt(6);
        int[] x = words(r, tiles * 32);
        int[] y = new int[96];
        for (int i = 0; i < 96; i++) {
            for (int k = 0; k < tiles; k++) {
                y[i] = y[i] * 5 + x[k * 32 + (i % 32 ^ i / 32 + 1)];
            }
        }
        return Program.of("pipelines", "async_specialised_warps").block(128).in(x).out(y).value(tiles);
    }
}
