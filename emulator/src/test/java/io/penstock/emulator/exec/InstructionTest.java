package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.big;
import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.d;
import static io.penstock.emulator.exec.Form.f;
import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.l;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each instruction form alone, on edges and random bits, against arithmetic written down again. */
class InstructionTest {
    static Stream<Form> integers() {
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

    static Stream<Form> bits() {
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

    static Stream<Form> floats() {
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
                c("cvt.rni.s32.f64 %d, %a;", "s32 f64",
                        (a, b, x) -> d(a) != d(a) ? Integer.MIN_VALUE : (int) Math.rint(d(a))),
                c("cvt.rzi.s64.f32 %d, %a;", "s64 f32", (a, b, x) -> f(a) != f(a) ? Long.MIN_VALUE : (long) f(a)),
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

    @ParameterizedTest(name = "{0}")
    @MethodSource({"integers", "bits", "floats", "io.penstock.emulator.exec.IntegerForms#all",
        "io.penstock.emulator.exec.BitForms#all", "io.penstock.emulator.exec.FloatForms#all",
        "io.penstock.emulator.exec.HalfForms#all", "io.penstock.emulator.exec.ConversionForms#all",
        "io.penstock.emulator.exec.PredicateForms#all", "io.penstock.emulator.exec.MemoryForms#all",
        "io.penstock.emulator.exec.AtomicForms#all", "io.penstock.emulator.exec.WarpForms#all",
        "io.penstock.emulator.exec.BlockForms#all", "io.penstock.emulator.exec.MatrixForms#all",
        "io.penstock.emulator.exec.AsyncForms#all", "io.penstock.emulator.exec.WarpGroupForms#all"})
    void isAsWrittenDown(Form form) {
        Random random = new Random(7);
        for (int round = 0; round < 4; round++) {
            long[][] inputs = new long[form.types().size()][];
            for (int k = 0; k < inputs.length; k++) {
                inputs[k] = Form.inputs(form.types().get(k), random);
            }
            Lanes.Run run = Lanes.run(form.preamble(), form.body(), form.target(),
                    form.types().toArray(new String[0]), inputs);
            assertEquals(List.of(), run.faults());
            for (int lane = 0; lane < 32; lane++) {
                assertEquals(Long.toHexString(form.expected().of(inputs, lane) & Form.within(form.target())),
                        Long.toHexString(run.results()[lane]), "lane " + lane + " of " + operands(inputs, lane));
            }
        }
    }

    private static String operands(long[][] inputs, int lane) {
        StringJoiner text = new StringJoiner(", ");
        for (long[] each : inputs) {
            text.add(Long.toHexString(each[lane]));
        }
        return text.toString();
    }
}
