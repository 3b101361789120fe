package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.math.BigDecimal;
import java.util.Random;
import java.util.stream.Stream;

/** Sixteen-bit floats. */
final class HalfPrograms {
    private static final int NUM_PAIRS = 32;

    private HalfPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                HalfPrograms::half2, HalfPrograms::bfloat162, HalfPrograms::dot, HalfPrograms::atomics,
                HalfPrograms::dequantize);
    }

    private static float h(float exact) {
        return Float.float16ToFloat(Float.floatToFloat16(exact));
    }

    private static Program half2(Random r) {
        float[] a = Data.throughF16(floats(r, 2 * NUM_PAIRS, -3, 3));
        float[] b = Data.throughF16(floats(r, 2 * NUM_PAIRS, 0.5, 3));
        float[] y = new float[NUM_PAIRS * 20];
        float[] z = new float[NUM_PAIRS * 8];
        for (int i = 0; i < 2 * NUM_PAIRS; i++) {
            float u = a[i];
            float v = b[i];
            // Products and sums of halves are exact in doubles; a half is far enough from a float that rounding twice
            // does no harm to single operations, and a fused one needs the sum in double.
            float[] o = {
                h(u + v), h(u * v), fused(u, v, u), h(u - v), -u, Math.min(u, v), Math.max(u, v), u <= v ? 1 : 0, v,
                a[i ^ 1]
            };
            for (int k = 0; k < 10; k++) {
                y[(i / 2 * 10 + k) * 2 + i % 2] = o[k];
            }
            z[i / 2 * 8 + i % 2] = Math.max(0, fused(u, v, v));
        }
        for (int i = 0; i < NUM_PAIRS; i++) {
            float u = a[2 * i];
            float v = b[2 * i];
            float[] p = {
                h((float) Math.exp(u)), h(1 / b[2 * i + 1]), u > v ? 1 : 0, h((float) Math.sqrt(Math.abs(u))), h(u / v),
                (float) Math.rint(a[2 * i + 1])
            };
            System.arraycopy(p, 0, z, i * 8 + 2, 6);
        }
        return Program.of("halves", "half2_math").block(NUM_PAIRS).in(Data.f16(a)).in(Data.f16(b))
                .out(Data.f16(y)).out(z, 2e-3);
    }

    private static float fused(float u, float v, float w) {
        double exact = (double) u * v + w;
        float near = (float) exact;
        // Round to odd first, so that the second rounding sees what the first left out.
        int bits = Float.floatToRawIntBits(near);
        if (near != exact && (bits & 1) == 0) {
            near = Math.abs(near) > Math.abs(exact) ? Float.intBitsToFloat(bits - 1) : Float.intBitsToFloat(bits + 1);
        }
        return h(near);
    }

    private static float bf(double exact) {
        BigDecimal value = new BigDecimal(exact);
        float near = (float) exact;
        int bits = Float.floatToRawIntBits(near);
        if (new BigDecimal(near).compareTo(value) != 0 && (bits & 1) == 0) {
            near = Math.abs(near) > Math.abs(exact) ? Float.intBitsToFloat(bits - 1) : Float.intBitsToFloat(bits + 1);
        }
        return Data.bf16(Data.bf16(near));
    }

    private static Program bfloat162(Random r) {
        float[] a = Data.throughBf16(floats(r, 2 * NUM_PAIRS, -3, 3));
        float[] b = Data.throughBf16(floats(r, 2 * NUM_PAIRS, -3, 3));
        float[] y = new float[NUM_PAIRS * 14];
        float[] z = new float[NUM_PAIRS * 3];
        for (int i = 0; i < 2 * NUM_PAIRS; i++) {
            float u = a[i];
            float v = b[i];
            float scaled = i % 2 == 0 ? bf(a[i] * 1.3f) : bf(b[i] / 3f);
            float[] o = {
                bf((double) u + v), bf((double) u * v), bf((double) u * v + u), bf((double) v - u), Math.max(u, v), -u,
                scaled
            };
            for (int k = 0; k < 7; k++) {
                y[(i / 2 * 7 + k) * 2 + i % 2] = o[k];
            }
        }
        for (int i = 0; i < NUM_PAIRS; i++) {
            z[i * 3] = a[2 * i] + b[2 * i + 1];
            z[i * 3 + 1] = a[2 * i] < b[2 * i] ? 1 : 0;
            z[i * 3 + 2] = Float.intBitsToFloat(Float.floatToRawIntBits(a[2 * i + 1] * 1.7f) & 0xffff0000);
        }
        return Program.of("halves", "bfloat162_math").block(NUM_PAIRS).in(Data.bf16(a)).in(Data.bf16(b))
                .out(Data.bf16(y)).out(z);
    }

    private static Program dot(Random r) {
        float[] a = Data.throughF16(floats(r, 200, -1, 1));
        float[] b = Data.throughF16(floats(r, 200, -1, 1));
        double sum = 0;
        for (int i = 0; i < 200; i++) {
            sum += (double) a[i] * b[i];
        }
        return Program.of("halves", "half_dot").block(32).in(Data.f16(a)).in(Data.f16(b))
                .out(new float[] {(float) sum}, 1e-5).value(100);
    }

    private static Program atomics(Random r) {
        int n = 100;
        int[] x = ints(r, n, 0, 8);
        float[] sums = new float[8];
        float total = 0;
        for (int i = 0; i < n; i++) {
            sums[(i & 3) * 2] += x[i];
            sums[(i & 3) * 2 + 1] += 1;
            total += x[i] == 3 ? 1 : 0;
        }
        return Program.of("halves", "half_atomics").grid(2).block(64).in(x)
                .inout(new short[8], Data.f16(sums)).inout(new short[1], Data.bf16(new float[] {total})).value(n);
    }

    private static Program dequantize(Random r) {
        int[] packed = words(r, 64);
        float[] scales = Data.throughF16(floats(r, 8, 0.1, 2));
        float[] y = new float[64 * 8];
        for (int i = 0; i < 64 * 8; i++) {
            int k = i % 8;
            int shift = k / 2 * 4 + (k % 2) * 16;
            y[i] = ((packed[i / 8] >>> shift & 15) - 8) * scales[i / 64];
        }
        return Program.of("halves", "dequantize_i4_f16").grid(2).block(32)
                .in(packed).in(Data.f16(scales)).out(Data.f16(y)).value(8);
    }
}
