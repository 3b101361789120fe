package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each instruction form alone, on edges and random bits, against arithmetic written down again. */
class InstructionTest {
    private interface Expected {
        long of(long a, long b, long c);
    }

    private record Case(String body, String target, String[] types, Expected expected) {
        @Override
        public String toString() {
            return body;
        }
    }

    private static Case c(String body, String types, Expected expected) {
        String[] words = types.split(" ");
        return new Case(body, words[0], List.of(words).subList(1, words.length).toArray(new String[0]), expected);
    }

    private static BigInteger big(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    private static long i(float value) {
        return value != value ? 0x7FFF_FFFFL : Float.floatToRawIntBits(value) & 0xFFFF_FFFFL;
    }

    private static float f(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    private static double d(long bits) {
        return Double.longBitsToDouble(bits);
    }

    private static long l(double value) {
        return value != value ? Long.MAX_VALUE : Double.doubleToRawLongBits(value);
    }

    static Stream<Case> integers() {
        return Stream.of(
                c("add.s32 %d, %a, %b;", "s32 s32 s32", (a, b, x) -> a + b),
                c("sub.u32 %d, %a, %b;", "u32 u32 u32", (a, b, x) -> a - b),
                c("add.s16 %d, %a, %b;", "s16 s16 s16", (a, b, x) -> a + b),
                c("add.sat.s32 %d, %a, %b;", "s32 s32 s32",
                        (a, b, x) -> Math.clamp((long) (int) a + (int) b, Integer.MIN_VALUE, Integer.MAX_VALUE)),
                c("mul.lo.s32 %d, %a, %b;", "s32 s32 s32", (a, b, x) -> (int) a * (int) b),
                c("mul.hi.s32 %d, %a, %b;", "s32 s32 s32", (a, b, x) -> (long) (int) a * (int) b >> 32),
                c("mul.hi.u32 %d, %a, %b;", "u32 u32 u32", (a, b, x) -> a * b >>> 32),
                c("mul.wide.s32 %d, %a, %b;", "s64 s32 s32", (a, b, x) -> (long) (int) a * (int) b),
                c("mul.wide.u16 %d, %a, %b;", "u32 u16 u16", (a, b, x) -> a * b),
                c("mad.lo.s32 %d, %a, %b, %c;", "s32 s32 s32 s32", (a, b, x) -> a * b + x),
                c("mad.wide.u32 %d, %a, %b, %c;", "u64 u32 u32 u64", (a, b, x) -> a * b + x),
                c("mul.hi.u64 %d, %a, %b;", "u64 u64 u64",
                        (a, b, x) -> big(a).multiply(big(b)).shiftRight(64).longValue()),
                c("mul.hi.s64 %d, %a, %b;", "s64 s64 s64",
                        (a, b, x) -> BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).shiftRight(64).longValue()),
                c("mul24.lo.u32 %d, %a, %b;", "u32 u32 u32", (a, b, x) -> (a & 0xFFFFFF) * (b & 0xFFFFFF)),
                c("min.s32 %d, %a, %b;", "s32 s32 s32", (a, b, x) -> Math.min((int) a, (int) b)),
                c("max.u32 %d, %a, %b;", "u32 u32 u32", (a, b, x) -> Math.max(a, b)),
                c("min.u64 %d, %a, %b;", "u64 u64 u64", (a, b, x) -> big(a).min(big(b)).longValue()),
                c("abs.s32 %d, %a;", "s32 s32", (a, b, x) -> Math.abs((int) a)),
                c("neg.s64 %d, %a;", "s64 s64", (a, b, x) -> -a),
                c("sad.u32 %d, %a, %b, %c;", "u32 u32 u32 u32", (a, b, x) -> Math.abs(a - b) + x),
                c("sad.s32 %d, %a, %b, 0;", "u32 s32 s32",
                        (a, b, x) -> Math.max((int) a, (int) b) - (long) Math.min((int) a, (int) b)));
    }

    static Stream<Case> bits() {
        return Stream.of(
                c("and.b32 %d, %a, %b;", "b32 b32 b32", (a, b, x) -> a & b),
                c("not.b64 %d, %a;", "b64 b64", (a, b, x) -> ~a),
                c("xor.b16 %d, %a, %b;", "b16 b16 b16", (a, b, x) -> a ^ b),
                c("shl.b32 %d, %a, %b;", "b32 b32 b32", (a, b, x) -> b > 31 ? 0 : a << b),
                c("shr.s32 %d, %a, %b;", "s32 s32 b32", (a, b, x) -> (int) a >> Math.min(b, 31)),
                c("shr.u64 %d, %a, %b;", "u64 u64 b32", (a, b, x) -> b > 63 ? 0 : a >>> b),
                c("popc.b32 %d, %a;", "u32 b32", (a, b, x) -> Integer.bitCount((int) a)),
                c("clz.b64 %d, %a;", "u32 b64", (a, b, x) -> Long.numberOfLeadingZeros(a)),
                c("brev.b32 %d, %a;", "b32 b32", (a, b, x) -> Integer.reverse((int) a)),
                c("bfind.u32 %d, %a;", "u32 u32", (a, b, x) -> 31 - Integer.numberOfLeadingZeros((int) a)),
                c("bfind.s32 %d, %a;", "u32 s32",
                        (a, b, x) -> 31 - Integer.numberOfLeadingZeros((int) a < 0 ? ~(int) a : (int) a)),
                c("bfe.u32 %d, %a, 5, 9;", "u32 u32", (a, b, x) -> a >>> 5 & 0x1FF),
                c("bfe.s32 %d, %a, 20, 8;", "s32 s32", (a, b, x) -> (byte) (a >>> 20)),
                c("bfi.b32 %d, %a, %b, 4, 8;", "b32 b32 b32", (a, b, x) -> b & ~0xFF0L | (a & 0xFF) << 4),
                c("lop3.b32 %d, %a, %b, %c, 0xE8;", "b32 b32 b32 b32", (a, b, x) -> a & b | a & x | b & x),
                c("prmt.b32 %d, %a, %b, 0x5410;", "b32 b32 b32", (a, b, x) -> a & 0xFFFF | b << 16),
                c("shf.l.wrap.b32 %d, %a, %b, 7;", "b32 b32 b32", (a, b, x) -> (b << 32 | a) << 7 >>> 32),
                c("shf.r.clamp.b32 %d, %a, %b, %c;", "b32 b32 b32 b32",
                        (a, b, x) -> (b << 32 | a) >>> Math.min(x, 32)),
                c("dp4a.s32.u32 %d, %a, %b, %c;", "s32 s32 u32 s32", (a, b, x) -> x + (byte) a * (b & 255)
                        + (byte) (a >> 8) * (b >> 8 & 255) + (byte) (a >> 16) * (b >> 16 & 255)
                        + (byte) (a >> 24) * (b >> 24 & 255)),
                c("vabsdiff4.u32.u32.u32.add %d, %a, %b, %c;", "u32 u32 u32 u32", (a, b, x) -> {
                    long sum = x;
                    for (int shift = 0; shift < 32; shift += 8) {
                        sum += Math.abs((a >> shift & 255) - (b >> shift & 255));
                    }
                    return sum;
                }),
                c("add.cc.u32 %d, %a, %b; addc.u32 %d, %c, 0;", "u32 u32 u32 u32", (a, b, x) -> x + (a + b >>> 32)),
                c("sub.cc.u32 %d, %a, %b; subc.u32 %d, %c, 0;", "u32 u32 u32 u32", (a, b, x) -> x - (a < b ? 1 : 0)),
                c("sub.cc.u32 %d, %a, %b; addc.u32 %d, %c, 0;", "u32 u32 u32 u32", (a, b, x) -> x + (a < b ? 0 : 1)),
                c("add.cc.u32 %d, %a, %b; subc.u32 %d, %c, 0;", "u32 u32 u32 u32",
                        (a, b, x) -> x - 1 + (a + b >>> 32)),
                c("sub.cc.u64 %d, %a, %b; subc.u64 %d, %c, 0;", "u64 u64 u64 u64",
                        (a, b, x) -> x - (Long.compareUnsigned(a, b) < 0 ? 1 : 0)),
                c("mad.lo.cc.u32 %d, %a, %b, %c; madc.hi.u32 %d, %a, %b, 0;", "u32 u32 u32 u32",
                        (a, b, x) -> (a * b >>> 32) + ((a * b & 0xFFFF_FFFFL) + x >>> 32)),
                c("add.cc.u64 %d, %a, %b; addc.u64 %d, %c, 0;", "u64 u64 u64 u64",
                        (a, b, x) -> x + (big(a).add(big(b)).bitLength() > 64 ? 1 : 0)),
                c("setp.lt.s32 %q0, %a, %b; selp.b32 %d, %a, %c, %q0;", "b32 s32 s32 b32",
                        (a, b, x) -> (int) a < (int) b ? a : x),
                c("setp.ge.u64 %q0|%q1, %a, %b; selp.b64 %d, %a, %b, %q1;", "b64 u64 u64",
                        (a, b, x) -> Long.compareUnsigned(a, b) < 0 ? a : b),
                c("setp.ne.b16 %q1, %a, %b; setp.gt.and.s16 %q0, %a, %b, !%q1; selp.u32 %d, 1, 2, %q0;", "u32 s16 s16",
                        (a, b, x) -> 2),
                c("set.lt.u32.s32 %d, %a, %b;", "u32 s32 s32", (a, b, x) -> (int) a < (int) b ? -1 : 0),
                c("slct.b32.s32 %d, %a, %b, %c;", "b32 b32 b32 s32", (a, b, x) -> (int) x >= 0 ? a : b),
                c("mov.b64 %d, {%a, %b};", "b64 b32 b32", (a, b, x) -> a | b << 32),
                c("mov.b64 {%t0, %t1}, %a; mov.u32 %d, %t1;", "u32 b64", (a, b, x) -> a >>> 32),
                c("cvt.s64.s32 %d, %a;", "s64 s32", (a, b, x) -> (int) a),
                c("cvt.u64.u32 %d, %a;", "u64 u32", (a, b, x) -> a),
                c("cvt.s32.s8 %d, %a;", "s32 b32", (a, b, x) -> (byte) a),
                c("cvt.u16.u32 %d, %a;", "u16 u32", (a, b, x) -> a),
                c("cvt.sat.u8.s32 %d, %a;", "u32 s32", (a, b, x) -> Math.max(0, Math.min(255, (int) a))));
    }

    static Stream<Case> floats() {
        return Stream.of(
                c("add.f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> i(f(a) + f(b))),
                c("sub.ftz.f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> i(flush(flush(f(a)) - flush(f(b))))),
                c("mul.rn.f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> i(f(a) * f(b))),
                c("fma.rn.f32 %d, %a, %b, %c;", "f32 f32 f32 f32", (a, b, x) -> i(Math.fma(f(a), f(b), f(x)))),
                c("fma.rn.sat.f32 %d, %a, %b, %c;", "f32 f32 f32 f32", (a, b, x) -> {
                    float value = Math.fma(f(a), f(b), f(x));
                    return i(value > 0 ? Math.min(1, value) : 0);
                }),
                c("div.rn.f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> i(f(a) / f(b))),
                c("rcp.rn.f32 %d, %a;", "f32 f32", (a, b, x) -> i(1 / f(a))),
                c("sqrt.rn.f32 %d, %a;", "f32 f32", (a, b, x) -> i((float) Math.sqrt(f(a)))),
                c("abs.f32 %d, %a;", "f32 f32", (a, b, x) -> i(Math.abs(f(a)))),
                c("min.f32 %d, %a, %b;", "f32 f32 f32",
                        (a, b, x) -> i(f(a) != f(a) ? f(b) : f(b) != f(b) ? f(a) : Math.min(f(a), f(b)))),
                c("max.NaN.f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> i(Math.max(f(a), f(b)))),
                c("fma.rn.f64 %d, %a, %b, %c;", "f64 f64 f64 f64", (a, b, x) -> l(Math.fma(d(a), d(b), d(x)))),
                c("div.rn.f64 %d, %a, %b;", "f64 f64 f64", (a, b, x) -> l(d(a) / d(b))),
                c("sqrt.rn.f64 %d, %a;", "f64 f64", (a, b, x) -> l(Math.sqrt(d(a)))),
                c("cvt.rn.f32.f64 %d, %a;", "f32 f64", (a, b, x) -> i((float) d(a))),
                c("cvt.f64.f32 %d, %a;", "f64 f32", (a, b, x) -> l(f(a))),
                c("cvt.rzi.s32.f32 %d, %a;", "s32 f32", (a, b, x) -> (int) f(a)),
                c("cvt.rni.s32.f64 %d, %a;", "s32 f64", (a, b, x) -> (int) Math.rint(d(a))),
                c("cvt.rzi.s64.f32 %d, %a;", "s64 f32", (a, b, x) -> (long) f(a)),
                c("cvt.rn.f32.s32 %d, %a;", "f32 s32", (a, b, x) -> i((int) a)),
                c("cvt.rn.f32.u32 %d, %a;", "f32 u32", (a, b, x) -> i(a)),
                c("cvt.rn.f32.s64 %d, %a;", "f32 s64", (a, b, x) -> i(a)),
                c("cvt.rn.f64.u64 %d, %a;", "f64 u64", (a, b, x) -> l(big(a).doubleValue())),
                c("cvt.rmi.f32.f32 %d, %a;", "f32 f32", (a, b, x) -> i((float) Math.floor(f(a)))),
                c("cvt.rn.f16.f32 %d, %a;", "b16 f32",
                        (a, b, x) -> f(a) != f(a) ? 0x7FFF : Float.floatToFloat16(f(a))),
                c("cvt.f32.f16 %d, %a;", "f32 b16", (a, b, x) -> i(Float.float16ToFloat((short) a))),
                c("cvt.rn.bf16x2.f32 %d, %a, %b;", "b32 f32 f32", (a, b, x) -> bfloat(f(a)) << 16 | bfloat(f(b))),
                c("copysign.f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> b & 0x7FFF_FFFF | a & 0x8000_0000L),
                c("setp.ltu.f32 %q0, %a, %b; selp.u32 %d, 1, 0, %q0;", "u32 f32 f32",
                        (a, b, x) -> !(f(a) >= f(b)) ? 1 : 0),
                c("setp.num.f64 %q0, %a, %b; selp.u32 %d, 1, 0, %q0;", "u32 f64 f64",
                        (a, b, x) -> d(a) == d(a) && d(b) == d(b) ? 1 : 0),
                c("testp.infinite.f32 %q0, %a; selp.u32 %d, 1, 0, %q0;", "u32 f32",
                        (a, b, x) -> Float.isInfinite(f(a)) ? 1 : 0));
    }

    private static float flush(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
    }

    private static long bfloat(float value) {
        if (value != value) {
            return 0x7FFF;
        }
        int bits = Float.floatToRawIntBits(value);
        int lower = bits & 0xFFFF;
        int upper = bits >>> 16;
        boolean up = lower > 0x8000 || lower == 0x8000 && (upper & 1) != 0;
        return upper + (up ? 1 : 0);
    }

    private static long[] inputs(String type, Random random) {
        long[] edges = switch (type) {
            case "f32" -> new long[] {0, 0x8000_0000L, 0x3F80_0000, 0xBF80_0000L, 0x7F80_0000, 0xFF80_0000L,
                0x7FC0_0000, 1, 0x007F_FFFF, 0x4F00_0000, 0x3F00_0001, 0x40200000};
            case "f64" -> new long[] {0, Long.MIN_VALUE, l(1), l(-1), l(Double.POSITIVE_INFINITY), l(Double.NaN), 1,
                l(2.5), l(1e300), l(-0.3)};
            default -> new long[] {0, 1, -1, 31, 32, 33, 64, 0x7FFF_FFFF, 0x8000_0000L, Long.MIN_VALUE, 0x7FFF, 0x8000};
        };
        long within = Lanes.size(type) == 8 ? -1 : (1L << 8 * Lanes.size(type)) - 1;
        long[] values = new long[32];
        for (int lane = 0; lane < 32; lane++) {
            boolean isEdge = random.nextInt(3) > 0;
            long value = isEdge ? edges[random.nextInt(edges.length)] : random.nextLong();
            if (!isEdge && type.equals("f32")) {
                value = i((float) (random.nextGaussian() * Math.pow(10, random.nextInt(10) - 3)));
            }
            values[lane] = value & within;
        }
        return values;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"integers", "bits", "floats"})
    void isAsWrittenDown(Case test) {
        Random random = new Random(7);
        for (int round = 0; round < 4; round++) {
            long[][] inputs = new long[test.types().length][];
            for (int k = 0; k < inputs.length; k++) {
                inputs[k] = inputs(test.types()[k], random);
            }
            Lanes.Run run = Lanes.run(test.body(), test.target(), test.types(), inputs);
            assertEquals(List.of(), run.faults());
            long within = Lanes.size(test.target()) == 8 ? -1 : (1L << 8 * Lanes.size(test.target())) - 1;
            for (int lane = 0; lane < 32; lane++) {
                long a = inputs[0][lane];
                long b = inputs.length > 1 ? inputs[1][lane] : 0;
                long x = inputs.length > 2 ? inputs[2][lane] : 0;
                assertEquals(Long.toHexString(test.expected().of(a, b, x) & within),
                        Long.toHexString(run.results()[lane]), "of " + Long.toHexString(a) + ", "
                                + Long.toHexString(b) + ", " + Long.toHexString(x));
            }
        }
    }
}
