package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Approximate functions against the bounds that PTX states for them. */
class ApproximationTest {
    /**
     * @param text opcode and modifiers
     * @param low the least operand, and the greatest
     * @param relative error that is allowed
     * @param absolute error that is allowed beside it
     */
    record Near(String text, double low, double high, double relative, double absolute,
            DoubleBinaryOperator exact) {
        String type() {
            return text.substring(text.lastIndexOf('.') + 1);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static double log2(double value) {
        return Math.log(value) / Math.log(2);
    }

    static Stream<Near> forms() {
        return Stream.of(
                new Near("ex2.approx.f32", -120, 120, 0x1p-22, 0, (a, b) -> Math.pow(2, a)),
                new Near("ex2.approx.ftz.f32", -120, 120, 0x1p-22, 0, (a, b) -> Math.pow(2, a)),
                new Near("lg2.approx.f32", 1e-6, 1e6, 0x1p-22, 0x1p-22, (a, b) -> log2(a)),
                new Near("lg2.approx.ftz.f32", 1e-6, 1e6, 0x1p-22, 0x1p-22, (a, b) -> log2(a)),
                new Near("sin.approx.f32", -3.14, 3.14, 0, 0x1p-20, (a, b) -> Math.sin(a)),
                new Near("cos.approx.ftz.f32", -3.14, 3.14, 0, 0x1p-20, (a, b) -> Math.cos(a)),
                new Near("tanh.approx.f32", -9, 9, 0x1p-11, 0, (a, b) -> Math.tanh(a)),
                new Near("rcp.approx.f32", -1e6, 1e6, 0x1p-23, 0, (a, b) -> 1 / a),
                new Near("rcp.approx.ftz.f32", 1e-6, 1e6, 0x1p-23, 0, (a, b) -> 1 / a),
                new Near("sqrt.approx.f32", 1e-6, 1e6, 0x1p-23, 0, (a, b) -> Math.sqrt(a)),
                new Near("sqrt.approx.ftz.f32", 1e-6, 1e6, 0x1p-23, 0, (a, b) -> Math.sqrt(a)),
                new Near("rsqrt.approx.f32", 1e-6, 1e6, 0x1p-22, 0, (a, b) -> 1 / Math.sqrt(a)),
                new Near("rsqrt.approx.ftz.f32", 1e-6, 1e6, 0x1p-22, 0, (a, b) -> 1 / Math.sqrt(a)),
                new Near("div.approx.f32", -1e6, 1e6, 0x1p-22, 0, (a, b) -> a / b),
                new Near("div.approx.ftz.f32", -1e6, 1e6, 0x1p-22, 0, (a, b) -> a / b),
                new Near("div.full.f32", -1e30, 1e30, 0x1p-22, 0, (a, b) -> a / b),
                new Near("rcp.approx.ftz.f64", -1e6, 1e6, 0x1p-19, 0, (a, b) -> 1 / a),
                new Near("rsqrt.approx.ftz.f64", 1e-6, 1e6, 0x1p-19, 0, (a, b) -> 1 / Math.sqrt(a)),
                new Near("rsqrt.approx.f64", 1e-6, 1e6, 0x1p-50, 0, (a, b) -> 1 / Math.sqrt(a)),
                new Near("ex2.approx.f16", -12, 12, 0x1p-9, 0, (a, b) -> Math.pow(2, a)),
                new Near("tanh.approx.f16", -5, 5, 0x1p-10, 0, (a, b) -> Math.tanh(a)),
                new Near("ex2.approx.ftz.bf16", -90, 90, 0x1p-7, 0, (a, b) -> Math.pow(2, a)),
                new Near("tanh.approx.bf16", -5, 5, 0x1p-8, 0, (a, b) -> Math.tanh(a)));
    }

    private static double value(long bits, String type) {
        return switch (type) {
            case "f64" -> Double.longBitsToDouble(bits);
            case "f32" -> Float.intBitsToFloat((int) bits);
            default -> HalfForms.value(bits, type);
        };
    }

    private static long bits(double value, String type) {
        return switch (type) {
            case "f64" -> Double.doubleToRawLongBits(value);
            case "f32" -> Form.i((float) value);
            case "f16" -> Float.floatToFloat16((float) value) & 0xFFFF;
            default -> Float.floatToRawIntBits((float) value) >>> 16;
        };
    }

    private static long[] run(String text, String type, long[][] in) {
        String word = type.length() > 3 || type.equals("f16") ? "b16" : type;
        String[] types = in.length > 1 ? new String[] {word, word} : new String[] {word};
        Lanes.Run run = Lanes.run(text + (in.length > 1 ? " %d, %a, %b;" : " %d, %a;"), word, types, in);
        assertEquals(List.of(), run.faults());
        return run.results();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void isWithinItsBound(Near near) {
        Random random = new Random(3);
        long[][] in = new long[near.text().startsWith("div") ? 2 : 1][32];
        for (int round = 0; round < 8; round++) {
            for (long[] values : in) {
                for (int lane = 0; lane < 32; lane++) {
                    values[lane] = bits(near.low() + (near.high() - near.low()) * random.nextDouble(), near.type());
                }
            }
            long[] results = run(near.text(), near.type(), in);
            for (int lane = 0; lane < 32; lane++) {
                double a = value(in[0][lane], near.type());
                double b = value(in[in.length - 1][lane], near.type());
                double exact = near.exact().applyAsDouble(a, b);
                double error = Math.abs(value(results[lane], near.type()) - exact);
                assertTrue(error <= near.relative() * Math.abs(exact) + near.absolute(),
                        () -> near + " of " + a + ", " + b + " is off by " + error);
            }
        }
    }

    private static void check(String text, double... operandsAndResult) {
        String type = text.substring(text.lastIndexOf('.') + 1);
        long[][] in = new long[operandsAndResult.length - 1][32];
        for (int k = 0; k < in.length; k++) {
            Arrays.fill(in[k], bits(operandsAndResult[k], type));
        }
        double expected = operandsAndResult[in.length];
        assertEquals(expected, value(run(text, type, in)[7], type), text + " of " + operandsAndResult[0]);
    }

    /** The corners of the manual's tables. */
    @Test
    void corners() {
        double infinity = Double.POSITIVE_INFINITY;
        double nan = Double.NaN;
        check("ex2.approx.f32", -infinity, 0);
        check("ex2.approx.f32", infinity, infinity);
        check("ex2.approx.ftz.f32", -130, 0);
        check("lg2.approx.f32", -1, nan);
        check("lg2.approx.f32", 0, -infinity);
        check("lg2.approx.f32", 0x1p-149, -149);
        check("lg2.approx.ftz.f32", 0x1p-149, -infinity);
        check("sin.approx.f32", infinity, nan);
        check("sin.approx.f32", -0.0, -0.0);
        check("cos.approx.f32", 0, 1);
        check("tanh.approx.f32", infinity, 1);
        check("rcp.approx.f32", -0.0, -infinity);
        check("rcp.approx.ftz.f32", -0x1p-140, -infinity);
        check("rcp.approx.ftz.f32", 0x1p127, 0);
        check("sqrt.approx.f32", -1, nan);
        check("sqrt.approx.f32", -0.0, -0.0);
        check("rsqrt.approx.f32", 0, infinity);
        check("rsqrt.approx.f32", infinity, 0);
        check("div.approx.f32", 1, 0x1.8p126, 0);
        check("div.approx.f32", infinity, 0x1.8p126, nan);
        check("div.full.f32", 0x1p127, 0x1p127, 1);
        check("div.full.f32", 3, 0x1p126, 0x1.8p-125);
        check("rcp.approx.ftz.f64", 0x1p-1030, infinity);
        check("rcp.approx.ftz.f64", 0x1p1023, 0);
        check("ex2.approx.ftz.bf16", -128, 0);
    }
}
