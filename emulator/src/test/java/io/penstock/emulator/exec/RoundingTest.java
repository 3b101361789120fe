package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directed rounding against exact arithmetic, 16-bit floats, and the bounds of approximations. */
class RoundingTest {
    private static long[] floats(int seed) {
        Random random = new Random(seed);
        long[] values = new long[32];
        for (int i = 0; i < 32; i++) {
            values[i] = Float.floatToRawIntBits((float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 20)))
                    & 0xFFFF_FFFFL;
        }
        return values;
    }

    private static float directed(BigDecimal exact, String mode) {
        float near = exact.floatValue();
        int side = new BigDecimal(near).compareTo(exact);
        boolean down = mode.equals("rm") || mode.equals("rz") && exact.signum() > 0;
        if (mode.equals("rn") || side == 0) {
            return near;
        }
        return side > 0 ? down ? Math.nextDown(near) : near : down ? near : Math.nextUp(near);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void ofSinglePrecision(String mode) {
        for (int round = 0; round < 8; round++) {
            long[][] in = {floats(round), floats(100 + round), floats(200 + round)};
            String[] types = {"f32", "f32", "f32"};
            long[] sums = Lanes.run("add." + mode + ".f32 %d, %a, %b;", "f32", types, in).results();
            long[] fmas = Lanes.run("fma." + mode + ".f32 %d, %a, %b, %c;", "f32", types, in).results();
            long[] products = Lanes.run("mul." + mode + ".f32 %d, %a, %b;", "f32", types, in).results();
            for (int i = 0; i < 32; i++) {
                BigDecimal a = new BigDecimal(Floats.f(in[0][i]));
                BigDecimal b = new BigDecimal(Floats.f(in[1][i]));
                BigDecimal c = new BigDecimal(Floats.f(in[2][i]));
                assertEquals(directed(a.add(b), mode), Floats.f(sums[i]), a + " + " + b);
                assertEquals(directed(a.multiply(b).add(c), mode), Floats.f(fmas[i]), a + " * " + b + " + " + c);
                assertEquals(directed(a.multiply(b), mode), Floats.f(products[i]), a + " * " + b);
            }
        }
    }

    @Test
    void halvesAreRoundedOnce() {
        Random random = new Random(5);
        long[][] in = new long[3][32];
        for (long[] values : in) {
            for (int i = 0; i < 32; i++) {
                values[i] = Float.floatToFloat16((float) (random.nextGaussian() * 4)) & 0xFFFF;
            }
        }
        long[] fmas = Lanes.run("fma.rn.f16 %d, %a, %b, %c;", "b16", new String[] {"b16", "b16", "b16"}, in).results();
        for (int i = 0; i < 32; i++) {
            double exact = (double) Floats.half(in[0][i]) * Floats.half(in[1][i]) + Floats.half(in[2][i]);
            assertEquals(Floats.toHalf(exact, Rounding.NEAREST), fmas[i]);
        }
        long tie = Floats.toBfloat(Floats.oddSum(1.00390625, 0x1p-60), Rounding.NEAREST);
        assertEquals(0x3F81, tie);
        assertEquals(0x3F80, Floats.toBfloat(1.00390625f));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ex2.approx", "lg2.approx", "rsqrt.approx", "sqrt.approx", "rcp.approx", "tanh.approx"})
    void approximationsAreNear(String name) {
        long[] in = floats(9);
        for (int i = 0; i < 32; i++) {
            in[i] = Float.floatToRawIntBits(Math.abs(Floats.f(in[i])) % 60 + 0.01f);
        }
        long[] results = Lanes.run(name + ".f32 %d, %a;", "f32", new String[] {"f32"}, new long[][] {in}).results();
        for (int i = 0; i < 32; i++) {
            double x = Floats.f(in[i]);
            double exact = switch (name) {
                case "ex2.approx" -> Math.pow(2, x);
                case "lg2.approx" -> Math.log(x) / Math.log(2);
                case "rsqrt.approx" -> 1 / Math.sqrt(x);
                case "sqrt.approx" -> Math.sqrt(x);
                case "rcp.approx" -> 1 / x;
                default -> Math.tanh(x);
            };
            double error = Math.abs(Floats.f(results[i]) - exact);
            assertTrue(error <= 0x1p-21 * Math.max(Math.abs(exact), 1e-3), () -> name + " " + x + " off by " + error);
        }
    }

    @Test
    void constantsOfInfinityPass() {
        Lanes.Run run = Lanes.run("mov.f32 %d, 0f7F800000;", "f32", new String[0], new long[0][]);
        assertEquals(0x7F80_0000L, run.results()[31]);
        assertEquals(List.of(), run.faults());
    }
}
