package io.penstock.emulator.exec;

import java.math.BigInteger;
import java.util.List;
import java.util.Random;

/**
 * One form of an instruction, and what it makes of its operands.
 *
 * @param preamble what stands in front of the kernel
 * @param body leaves its result in {@code %d}; operands are {@code %a}, {@code %b}, {@code %c}
 * @param target type of the result
 * @param types of the operands, each of {@link #inputs}
 */
record Form(String preamble, String body, String target, List<String> types, Expected expected) {
    /** The bits of a lane's result; {@code in[operand][lane]} are the operands' bits of the whole warp. */
    interface Expected {
        long of(long[][] in, int lane);
    }

    /** Of a lane's own operands. */
    interface OfLane {
        long of(long a, long b, long c);
    }

    /** @param types the result's, then the operands' */
    static Form c(String body, String types, OfLane expected) {
        return warp(body, types, (in, lane) -> expected.of(operand(in, 0, lane), operand(in, 1, lane),
                operand(in, 2, lane)));
    }

    private static long operand(long[][] in, int index, int lane) {
        return index < in.length ? in[index][lane] : 0;
    }

    static Form warp(String body, String types, Expected expected) {
        List<String> words = List.of(types.split(" "));
        return new Form("", body, words.getFirst(), words.subList(1, words.size()), expected);
    }

    Form after(String text) {
        return new Form(text, body, target, types, expected);
    }

    @Override
    public String toString() {
        return body;
    }

    static BigInteger big(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    /** The bits of a float32; a NaN is the one that instructions give. */
    static long i(float value) {
        return value != value ? 0x7FFF_FFFFL : Float.floatToRawIntBits(value) & 0xFFFF_FFFFL;
    }

    static float f(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    static double d(long bits) {
        return Double.longBitsToDouble(bits);
    }

    static long l(double value) {
        return value != value ? Long.MAX_VALUE : Double.doubleToRawLongBits(value);
    }

    /** Its size bounds what a result may be. */
    static long within(String type) {
        return Lanes.size(type) == 8 ? -1 : (1L << 8 * Lanes.size(type)) - 1;
    }

    /** Operands of 32 lanes: edges of the type, and random bits between them. */
    static long[] inputs(String type, Random random) {
        long[] edges = switch (type) {
            case "f32" -> new long[] {0, 0x8000_0000L, 0x3F80_0000, 0xBF80_0000L, 0x7F80_0000, 0xFF80_0000L,
                0x7FC0_0000, 1, 0x8000_0001L, 0x007F_FFFF, 0x4F00_0000, 0x3F00_0001, 0x4020_0000, 0x7F7F_FFFF,
                0x4EFF_FFFF, 0x5F00_0000, 0x0080_0000, 0xCF00_0000L, 0x7E80_0001};
            case "f64" -> new long[] {0, Long.MIN_VALUE, l(1), l(-1), l(Double.POSITIVE_INFINITY), l(Double.NaN), 1,
                l(2.5), l(1e300), l(-0.3), l(Double.MAX_VALUE), l(Double.MIN_NORMAL), l(-1e-300), l(0x1p63),
                l(0x1.fffffffep30), l(-0x1p31), l(Double.NEGATIVE_INFINITY), l(0x1p64)};
            case "f16" -> new long[] {0, 0x8000, 0x3C00, 0xBC00, 0x7C00, 0xFC00, 0x7E00, 1, 0x8001, 0x03FF, 0x0400,
                0x7BFF, 0x3555, 0xC100};
            case "bf16" -> new long[] {0, 0x8000, 0x3F80, 0xBF80, 0x7F80, 0xFF80, 0x7FC0, 1, 0x007F, 0x0080, 0x7F7F,
                0x3EAB, 0xC020};
            case "amount32" -> new long[] {0, 1, 5, 31, 32, 33, 63, 64, 255, 256, 0xFFFF_FFFFL};
            default -> new long[] {0, 1, -1, 31, 32, 33, 64, 0x7FFF_FFFF, 0x8000_0000L, Long.MIN_VALUE, Long.MAX_VALUE,
                0x7FFF, 0x8000, 0x80, 0x7F, 0xFF};
        };
        long[] values = new long[32];
        for (int lane = 0; lane < 32; lane++) {
            boolean isEdge = random.nextInt(3) > 0;
            long value = isEdge ? edges[random.nextInt(edges.length)] : random.nextLong();
            if (!isEdge && type.equals("f32")) {
                value = i((float) (random.nextGaussian() * Math.pow(10, random.nextInt(10) - 3)));
            } else if (!isEdge && type.equals("f64") && random.nextBoolean()) {
                value = l(random.nextGaussian() * Math.pow(10, random.nextInt(10) - 3));
            } else if (!isEdge && type.equals("amount32")) {
                value = random.nextInt(40);
            } else if (type.equals("f16x2") || type.equals("bf16x2")) {
                String half = type.substring(0, type.length() - 2);
                value = inputs(half, random)[lane] | inputs(half, random)[lane] << 16;
            }
            values[lane] = value & within(type);
        }
        return values;
    }
}
