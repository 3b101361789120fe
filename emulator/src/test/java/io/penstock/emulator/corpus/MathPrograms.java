package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import java.util.stream.Stream;

/** Double precision, functions, conversions. */
final class MathPrograms {
    private MathPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                MathPrograms::doubleFunctions, MathPrograms::doubleRounding, MathPrograms::bodies,
                MathPrograms::floatFunctions, MathPrograms::intrinsics, MathPrograms::extremes,
                MathPrograms::conversions, MathPrograms::fastMath);
    }

    private static Program doubleFunctions(Random r) {
        double[] a = doubles(r, 64, -6, 6);
        double[] b = doubles(r, 64, -4, 4);
        double[] y = new double[64 * 16];
        for (int i = 0; i < 64; i++) {
            double u = a[i];
            double v = b[i];
            double[] o = {
                Math.fma(u, v, -u), Math.sqrt(Math.abs(u)), u / v, Math.exp(u * 0.25), Math.sin(u), Math.cos(v),
                Math.log(Math.abs(u) + 0.1), Math.pow(Math.abs(u), v), Math.tanh(u), Math.atan2(u, v), Math.cbrt(u),
                Math.floor(u) + Math.ceil(v) * 2 + Math.rint(u * 3) + (long) (v * 5), u % v,
                1 / Math.sqrt(Math.abs(v) + 1), Math.min(u, v) * Math.max(u, 0.5),
                Math.copySign(u, v) + Math.max(u - v, 0)
            };
            System.arraycopy(o, 0, y, i * 16, 16);
        }
        return Program.of("doubles", "double_functions").grid(2).block(32).in(a).in(b).out(y, 1e-14);
    }

    /** The exact value, rounded in one direction. */
    private static double rounded(BigDecimal exact, RoundingMode mode) {
        double near = exact.doubleValue();
        int order = new BigDecimal(near).compareTo(exact);
        boolean down = mode == RoundingMode.FLOOR || mode == RoundingMode.DOWN && exact.signum() > 0;
        return order > 0 && down ? Math.nextDown(near) : order < 0 && !down ? Math.nextUp(near) : near;
    }

    private static Program doubleRounding(Random r) {
        double[] a = doubles(r, 32, -1000, 1000);
        double[] b = doubles(r, 32, -3, 3);
        double[] y = new double[32 * 8];
        long[] z = new long[32 * 4];
        for (int i = 0; i < 32; i++) {
            BigDecimal u = new BigDecimal(a[i]);
            BigDecimal v = new BigDecimal(b[i]);
            double[] o = {
                rounded(u.add(v), RoundingMode.CEILING), rounded(u.add(v), RoundingMode.FLOOR),
                rounded(u.multiply(v), RoundingMode.DOWN), a[i] / b[i], Math.sqrt(Math.abs(a[i])),
                rounded(u.multiply(v).add(u), RoundingMode.FLOOR), 1 / b[i], rounded(u.subtract(v), RoundingMode.DOWN)
            };
            System.arraycopy(o, 0, y, i * 8, 8);
            z[i * 4] = (long) Math.rint(a[i]);
            z[i * 4 + 1] = (long) Math.floor(b[i]);
            z[i * 4 + 2] = (long) Math.ceil(a[i]);
            z[i * 4 + 3] = (long) b[i];
        }
        return Program.of("doubles", "double_rounding").block(32).in(a).in(b).out(y).out(z);
    }

    private static Program bodies(Random r) {
        int n = 70;
        double[] bodies = doubles(r, 4 * n, -1, 1);
        double[] forces = new double[3 * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double square = 0.01;
                for (int k = 0; k < 3; k++) {
                    square += Math.pow(bodies[4 * j + k] - bodies[4 * i + k], 2);
                }
                for (int k = 0; k < 3; k++) {
                    double f = bodies[4 * j + 3] / (square * Math.sqrt(square));
                    forces[3 * i + k] += f * (bodies[4 * j + k] - bodies[4 * i + k]);
                }
            }
        }
        return Program.of("doubles", "nbody_f64").grid(2).block(64).in(bodies).out(forces, 1e-10).value(n);
    }

    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int k = 1; k < 100; k++) {
            term *= -x * x / k;
            sum += term / (2 * k + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    private static Program floatFunctions(Random r) {
        float[] a = floats(r, 64, -3, 3);
        float[] b = floats(r, 64, -2, 2);
        float[] y = new float[64 * 24];
        for (int i = 0; i < 64; i++) {
            double u = a[i];
            double v = b[i];
            double p = Math.abs(a[i]) + 0.1f;
            double[] o = {
                Math.exp(u), Math.log(p), Math.sin(u), Math.cos(v), Math.pow(p, v), Math.tanh(u), erf(u),
                Math.pow(2, v), Math.log(p) / Math.log(2), Math.sqrt(p), 1 / Math.sqrt(p), u / p, 1 / p, Math.log1p(p),
                Math.expm1(u), Math.atan(u), Math.asin(u * 0.1f), u % p, u / (1 + Math.exp(-u)), Math.log10(p),
                Math.cbrt(u), Math.hypot(u, v), Math.sinh(u),
                0.5 * u * (1 + Math.tanh(0.7978845608 * (u + 0.044715 * u * u * u)))
            };
            for (int k = 0; k < 24; k++) {
                y[i * 24 + k] = (float) o[k];
            }
        }
        return Program.of("doubles", "math_f32").grid(2).block(32).in(a).in(b).out(y, 2e-6);
    }

    private static Program intrinsics(Random r) {
        float[] a = floats(r, 32, -3, 3);
        float[] b = floats(r, 32, -2, 2);
        float[] y = new float[32 * 14];
        for (int i = 0; i < 32; i++) {
            double u = a[i];
            double v = b[i];
            float q = Math.abs(a[i]) + 0.1f;
            double p = q;
            double[] o = {
                Math.exp(u), Math.log(p), Math.sin(u), Math.cos(v), Math.pow(p, v), u / p, 1 / Math.sqrt(p),
                Math.pow(10, v), Math.clamp(u, 0, 1), Math.log(p) / Math.log(2), Math.sqrt(p), 1 / p, u * v + p,
                Math.min(u, v) - Math.max(u, v) + Math.copySign(p, v)
            };
            for (int k = 0; k < 14; k++) {
                y[i * 14 + k] = (float) o[k];
            }
            y[i * 14 + 10] = up(q);
            y[i * 14 + 11] = rounded32(BigDecimal.ONE.divide(new BigDecimal(p), MathContext.DECIMAL128), true);
            BigDecimal sum = new BigDecimal(u).multiply(new BigDecimal(v)).add(new BigDecimal(p));
            y[i * 14 + 12] = rounded32(sum, sum.signum() > 0);
        }
        return Program.of("doubles", "math_intrinsics_f32").block(32).in(a).in(b).out(y.length * 4, output -> {
            for (int i = 0; i < 32; i++) {
                for (int k = 10; k < 13; k++) {
                    if (output.getFloat((i * 14 + k) * 4) != y[i * 14 + k]) {
                        return "[" + (i * 14 + k) + "] is " + output.getFloat((i * 14 + k) * 4) + ", not exactly "
                                + y[i * 14 + k];
                    }
                }
            }
            return Program.difference(y, output, 4e-6);
        });
    }

    private static float up(float q) {
        float root = (float) Math.sqrt(q);
        return (double) root * root < q ? Math.nextUp(root) : root;
    }

    private static float rounded32(BigDecimal exact, boolean down) {
        float near = exact.floatValue();
        int order = new BigDecimal(near).compareTo(exact);
        return order > 0 && down ? Math.nextDown(near) : order < 0 && !down ? Math.nextUp(near) : near;
    }

    private static Program extremes(Random r) {
        float[] odd = {
            0, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e-40f, -1e-45f, 3e38f, 1.5f, 2.5f,
            -2.5f, 1e9f, -1e10f, 123456.7f, 0x1p-126f, 88.8f, -104f, 4e9f, -0.3f, 1f
        };
        float[] a = floats(r, 32, -1e5, 1e5);
        System.arraycopy(odd, 0, a, 0, odd.length);
        float[] y = new float[32 * 8];
        int[] z = new int[32 * 8];
        for (int i = 0; i < 32; i++) {
            float u = a[i];
            float zero = (float) Math.rint(u) * 0f;
            float[] o = {
                (float) Math.sin(u), Float.isNaN(u) ? 1 : Math.min(u, 1), Float.isNaN(u) ? -1 : Math.max(u, -1),
                u * 0.5f, (float) Math.floor(u), (float) Math.exp(u), u + 1e-40f,
                (float) (u < 0 ? Math.ceil(u) : Math.floor(u)) + zero
            };
            System.arraycopy(o, 0, y, i * 8, 8);
            double even = Math.rint(u);
            int[] q = {
                Float.isNaN(u) ? 1 : Float.isInfinite(u) ? 2 : 3, u < 1 ? 1 : 0, u >= 1 ? 0 : 1, u != u ? 1 : 0,
                Float.floatToRawIntBits(u) < 0 ? 1 : 0, (int) u,
                Double.isNaN(even) || even < 0 ? 0 : even > 4294967295.0 ? -1 : (int) (long) even,
                Float.floatToRawIntBits(u) >> 23
            };
            System.arraycopy(q, 0, z, i * 8, 8);
        }
        return Program.of("doubles", "math_extremes_f32").block(32).in(a)
                .out(y.length * 4, output -> Program.difference(y, output, 1e-6)).out(z);
    }


    private static Program conversions(Random r) {
        float[] f = floats(r, 32, -40_000, 40_000);
        f[0] = 0.5f;
        f[1] = -1.5f;
        double[] d = doubles(r, 32, -3e9, 3e9);
        int[] n = words(r, 32);
        int[] small = ints(r, 16, -300, 300);
        System.arraycopy(small, 0, n, 0, 16);
        int[] y = new int[32 * 14];
        float[] z = new float[32 * 7];
        for (int i = 0; i < 32; i++) {
            long high = Double.doubleToRawLongBits(d[i]);
            int[] o = {
                (int) Math.rint(f[i]), (int) Math.ceil(f[i]), (int) Math.floor(f[i]), (int) f[i], (byte) n[i],
                n[i] & 0xffff, (int) f[i] & 0xff, (short) (int) f[i], Math.clamp(n[i], -128, 127),
                Math.clamp(n[i], 0, 65535), (int) ((long) d[i] >> 7), (int) (long) Math.abs(d[i]),
                (int) (high >> 32), (int) high
            };
            System.arraycopy(o, 0, y, i * 14, 14);
            BigDecimal exact = new BigDecimal(n[i]);
            float[] p = {
                n[i], rounded32(exact, n[i] > 0), rounded32(new BigDecimal(n[i] & 0xffffffffL), false), (float) d[i],
                rounded32(new BigDecimal(d[i]), true), (float) ((long) n[i] * n[i] * 3),
                (float) ((n[i] & 0xffffffffL) * 0x1p31)
            };
            System.arraycopy(p, 0, z, i * 7, 7);
        }
        return Program.of("doubles", "conversions").block(32).in(f).in(d).in(n).out(y).out(z);
    }

    private static Program fastMath(Random r) {
        float[] a = floats(r, 64, -3, 3);
        float[] b = floats(r, 64, -2, 2);
        float[] y = new float[64 * 12];
        for (int i = 0; i < 64; i++) {
            double u = a[i];
            double v = b[i];
            double p = Math.abs(a[i]) + 0.1f;
            double[] o = {
                Math.exp(u), Math.log(p), Math.sin(u), Math.cos(v), Math.pow(p, v), Math.tanh(u), u / p, Math.sqrt(p),
                1 / Math.sqrt(p), u / (1 + Math.exp(-u)), Math.tan(u * 0.2f), Math.pow(2, v)
            };
            for (int k = 0; k < 12; k++) {
                y[i * 12 + k] = (float) o[k];
            }
        }
        return Program.of("fast_math", "fast_math_f32").grid(2).block(32).in(a).in(b).out(y, 1e-3);
    }
}
