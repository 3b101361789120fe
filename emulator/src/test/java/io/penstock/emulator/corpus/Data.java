package io.penstock.emulator.corpus;

import java.util.Random;

/** Random arrays, and the sixteen-bit floats as Java does not have them. */
final class Data {
    private Data() {}

    static int[] ints(Random random, int n, int from, int to) {
        return random.ints(n, from, to).toArray();
    }

    static int[] words(Random random, int n) {
        return random.ints(n).toArray();
    }

    static long[] longs(Random random, int n) {
        return random.longs(n).toArray();
    }

    static float[] floats(Random random, int n, double from, double to) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (from + (to - from) * random.nextDouble());
        }
        return values;
    }

    static double[] doubles(Random random, int n, double from, double to) {
        return random.doubles(n, from, to).toArray();
    }

    static byte[] bytes(Random random, int n) {
        byte[] values = new byte[n];
        random.nextBytes(values);
        return values;
    }

    static short[] shorts(Random random, int n) {
        short[] values = new short[n];
        for (int i = 0; i < n; i++) {
            values[i] = (short) random.nextInt();
        }
        return values;
    }

    /** Nearest bfloat16, ties to even. */
    static short bf16(double value) {
        return (short) (roundBits((float) value) >>> 16);
    }

    private static int roundBits(float value) {
        int bits = Float.floatToRawIntBits(value);
        return bits + 0x7fff + (bits >>> 16 & 1);
    }

    static float bf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    static short[] bf16(float[] values) {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = bf16(values[i]);
        }
        return bits;
    }

    static short[] f16(float[] values) {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToFloat16(values[i]);
        }
        return bits;
    }

    /** The values after rounding to bfloat16. */
    static float[] throughBf16(float[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = bf16(bf16(values[i]));
        }
        return rounded;
    }

    /** The values after rounding to half precision. */
    static float[] throughF16(float[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
        }
        return rounded;
    }
}
