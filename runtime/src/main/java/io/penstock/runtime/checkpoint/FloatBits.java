package io.penstock.runtime.checkpoint;

import java.lang.foreign.MemorySegment;

/** Bulk conversions between bit patterns, written as array loops that the JIT compiler vectorizes. */
final class FloatBits {
    /** Elements of a scratch array: small enough for the first-level cache. */
    static final int CHUNK = 4096;

    private FloatBits() {}

    /** float32 bits to bfloat16 bits, nearest even; NaN becomes a quiet NaN. */
    static short toBf16(int floatBits) {
        return (short) round(floatBits);
    }

    private static int round(int floatBits) {
        int rounded = floatBits + 0x7fff + ((floatBits >>> 16) & 1);
        int isNan = (0x7f80_0000 - (floatBits & 0x7fff_ffff)) >> 31;
        return ((rounded & ~isNan) | ((floatBits | 0x40_0000) & isNan)) >>> 16;
    }

    /** Overwrites {@code floatBits}. */
    static void roundToBf16(int[] floatBits, short[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            floatBits[i] = round(floatBits[i]);
        }
        narrow(floatBits, into, offset, count);
    }

    /** float32 bits that are exact in bfloat16 to those; overwrites {@code floatBits}. */
    static void cutToBf16(int[] floatBits, short[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            floatBits[i] >>>= 16;
        }
        narrow(floatBits, into, offset, count);
    }

    /** A loop of its own, because a shift and a narrowing store in one loop are not vectorized. */
    private static void narrow(int[] values, short[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            into[offset + i] = (short) values[i];
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
