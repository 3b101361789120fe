package io.penstock.runtime.checkpoint;

import java.lang.foreign.MemorySegment;

/** Bulk conversions between bit patterns, written as array loops that the JIT compiler vectorizes. */
final class FloatBits {
    /** Elements of a scratch array: small enough for the first-level cache. */
    static final int CHUNK = 4096;

    private FloatBits() {}

    /** float32 bits to bfloat16 bits, nearest even; NaN becomes a quiet NaN. */
    static short toBf16(int floatBits) {
        int rounded = floatBits + 0x7fff + ((floatBits >>> 16) & 1);
        int isNan = (0x7f80_0000 - (floatBits & 0x7fff_ffff)) >> 31;
        return (short) (((rounded & ~isNan) | ((floatBits | 0x40_0000) & isNan)) >>> 16);
    }

    static void roundToBf16(int[] floatBits, short[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            into[offset + i] = toBf16(floatBits[i]);
        }
    }

    /** {@code scratch} holds at least {@code count} elements. */
    static void widenBf16(short[] bf16, int[] scratch, float[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            scratch[i] = bf16[i] << 16;
        }
        asFloats(scratch, into, offset, count);
    }

    static void widenF16(short[] f16, float[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            into[offset + i] = Float.float16ToFloat(f16[i]);
        }
    }

    static void roundF16ToBf16(short[] f16, short[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            into[offset + i] = toBf16(Float.floatToRawIntBits(Float.float16ToFloat(f16[i])));
        }
    }

    /** A block copy, because a loop over {@code Float.intBitsToFloat} is not vectorized. */
    static void asFloats(int[] floatBits, float[] into, int offset, int count) {
        MemorySegment.copy(
                MemorySegment.ofArray(floatBits), 0,
                MemorySegment.ofArray(into), (long) offset * Float.BYTES, (long) count * Float.BYTES);
    }

    static void asBits(float[] values, int offset, int[] floatBits, int count) {
        MemorySegment.copy(
                MemorySegment.ofArray(values), (long) offset * Float.BYTES,
                MemorySegment.ofArray(floatBits), 0, (long) count * Float.BYTES);
    }

    /** How many are infinite or NaN. */
    static int numNotFinite(float[] values, int count) {
        int notFinite = 0;
        for (int i = 0; i < count; i++) {
            notFinite += Math.abs(values[i]) <= Float.MAX_VALUE ? 0 : 1;
        }
        return notFinite;
    }

    static boolean isZero(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            if (values[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
