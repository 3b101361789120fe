package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.big;
import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.d;
import static io.penstock.emulator.exec.Form.f;
import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.l;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** cvt between all pairs of types, exactly and then rounded. */
final class ConversionForms {
    private static final Map<String, RoundingMode> MODES = Map.of("n", RoundingMode.HALF_EVEN, "z", RoundingMode.DOWN,
            "m", RoundingMode.FLOOR, "p", RoundingMode.CEILING);
    private static final List<String> INTEGERS = List.of("s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64");
    private static final List<String> FLOATS = List.of("f16", "f32", "f64");

    private ConversionForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String from : INTEGERS) {
            for (String to : INTEGERS) {
                integers(forms, from, to);
            }
            for (String to : FLOATS) {
                fromInteger(forms, from, to);
            }
        }
        for (String from : FLOATS) {
            INTEGERS.forEach(to -> toInteger(forms, from, to));
        }
        floats(forms);
        shorts(forms);
        packed(forms);
        return forms.stream();
    }

    private static int width(String type) {
        return Integer.parseInt(type.replaceAll("\\D+", ""));
    }

    /** Registers hold 16 bits at least. */
    private static String register(String type) {
        return type.endsWith("8") ? "b32" : "b" + width(type);
    }

    private static BigInteger value(long bits, String type) {
        int width = width(type);
        BigInteger value = big(bits).mod(BigInteger.ONE.shiftLeft(width));
        boolean isNegative = type.startsWith("s") && value.testBit(width - 1);
        return isNegative ? value.subtract(BigInteger.ONE.shiftLeft(width)) : value;
    }

    private static BigInteger clamp(BigInteger value, String to) {
        int width = width(to);
        boolean isSigned = to.startsWith("s");
        BigInteger max = BigInteger.ONE.shiftLeft(isSigned ? width - 1 : width).subtract(BigInteger.ONE);
        BigInteger min = isSigned ? max.negate().subtract(BigInteger.ONE) : BigInteger.ZERO;
        return value.max(min).min(max);
    }

    private static void integers(List<Form> forms, String from, String to) {
        String types = register(to) + " " + register(from);
        forms.add(c("cvt." + to + "." + from + " %d, %a;", types,
                (a, b, x) -> value(value(a, from).longValue(), to).longValue()));
        forms.add(c("cvt.sat." + to + "." + from + " %d, %a;", types,
                (a, b, x) -> clamp(value(a, from), to).longValue()));
    }

    static long round(BigDecimal exact, String type, String mode) {
        if (exact.signum() == 0) {
            return 0;
        }
        if (type.equals("f16") || type.equals("bf16")) {
            return shortBits(exact, type, mode);
        }
        double nearest = type.equals("f64") ? exact.doubleValue() : exact.floatValue();
        boolean down = mode.equals("m") || mode.equals("z") && exact.signum() > 0;
        int side = Double.isInfinite(nearest) ? nearest > 0 ? 1 : -1 : new BigDecimal(nearest).compareTo(exact);
        if (!mode.equals("n") && (down ? side > 0 : side < 0)) {
            double to = down ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            nearest = type.equals("f64") ? Math.nextAfter(nearest, to) : Math.nextAfter((float) nearest, to);
        }
        return type.equals("f64") ? l(nearest) : i((float) nearest);
    }

    /** Among the values above and below; beyond the largest there is infinity. */
    private static long shortBits(BigDecimal exact, String type, String mode) {
        long nearest = HalfForms.round(exact, type);
        if (mode.equals("n")) {
            return nearest;
        }
        boolean grows = mode.equals("p") && exact.signum() > 0 || mode.equals("m") && exact.signum() < 0;
        long magnitude = nearest & 0x7FFF;
        double value = Math.abs(HalfForms.value(magnitude, type));
        int side = Double.isInfinite(value) ? 1 : new BigDecimal(value).compareTo(exact.abs());
        long moved = side > 0 && !grows ? magnitude - 1 : side < 0 && grows ? magnitude + 1 : magnitude;
        return nearest & 0x8000 | moved;
    }

    private static void fromInteger(List<Form> forms, String from, String to) {
        for (String mode : List.of("n", "z", "m", "p")) {
            forms.add(c("cvt.r" + mode + "." + to + "." + from + " %d, %a;", register(to) + " " + register(from),
                    (a, b, x) -> round(new BigDecimal(value(a, from)), to, mode)));
        }
    }

    private static double read(long bits, String type) {
        return switch (type) {
            case "f64" -> d(bits);
            case "f32" -> f(bits);
            default -> HalfForms.value(bits, type);
        };
    }

    private static void toInteger(List<Form> forms, String from, String to) {
        for (String mode : List.of("n", "z", "m", "p")) {
            forms.add(c("cvt.r" + mode + "i." + to + "." + from + " %d, %a;",
                    register(to) + " " + (from.equals("f16") ? "f16" : from), (a, b, x) -> {
                        double value = read(a, from);
                        if (value != value) {
                            boolean isZero = !from.equals("f64") && width(to) < 64;
                            return isZero ? 0 : value(1L << width(to) - 1, to).longValue();
                        }
                        if (Double.isInfinite(value)) {
                            BigInteger far = BigInteger.TWO.pow(99);
                            return clamp(value > 0 ? far : far.negate(), to).longValue();
                        }
                        BigDecimal whole = new BigDecimal(value).setScale(0, MODES.get(mode));
                        return clamp(whole.toBigInteger(), to).longValue();
                    }));
        }
        if (from.equals("f32")) {
            forms.add(c("cvt.rpi.ftz." + to + ".f32 %d, %a;", register(to) + " f32", (a, b, x) -> {
                float value = f(a);
                if (value != value) {
                    return width(to) < 64 ? 0 : Long.MIN_VALUE;
                }
                if (Float.isInfinite(value)) {
                    BigInteger far = BigInteger.TWO.pow(99);
                    return clamp(value > 0 ? far : far.negate(), to).longValue();
                }
                BigDecimal seen = new BigDecimal(Math.abs(value) < Float.MIN_NORMAL ? 0 : value);
                return clamp(seen.setScale(0, RoundingMode.CEILING).toBigInteger(), to).longValue();
            }));
        }
    }

    /** Of a value that may be no number, or a zero with a sign. */
    private static long write(double value, String to, String mode) {
        boolean isOrdinary = Double.isFinite(value) && value != 0;
        if (isOrdinary) {
            return round(new BigDecimal(value), to, mode);
        }
        return switch (to) {
            case "f64" -> l(value);
            case "f32" -> i((float) value);
            case "f16" -> value != value ? 0x7FFF : Float.floatToFloat16((float) value) & 0xFFFF;
            default -> value != value ? 0x7FFF : Float.floatToRawIntBits((float) value) >>> 16;
        };
    }

    private static float flush(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
    }

    private static void floats(List<Form> forms) {
        forms.add(c("cvt.f64.f32 %d, %a;", "f64 f32", (a, b, x) -> l(f(a))));
        forms.add(c("cvt.ftz.f64.f32 %d, %a;", "f64 f32", (a, b, x) -> l(flush(f(a)))));
        forms.add(c("cvt.f64.f16 %d, %a;", "f64 f16", (a, b, x) -> l(read(a, "f16"))));
        forms.add(c("cvt.f32.f16 %d, %a;", "f32 f16", (a, b, x) -> i((float) read(a, "f16"))));
        forms.add(c("cvt.f32.bf16 %d, %a;", "f32 bf16", (a, b, x) -> i((float) read(a, "bf16"))));
        for (String mode : List.of("n", "z", "m", "p")) {
            forms.add(c("cvt.r" + mode + ".f32.f64 %d, %a;", "f32 f64", (a, b, x) -> write(d(a), "f32", mode)));
            forms.add(c("cvt.r" + mode + ".ftz.f32.f64 %d, %a;", "f32 f64",
                    (a, b, x) -> i(flush(f(write(d(a), "f32", mode))))));
            forms.add(c("cvt.r" + mode + ".sat.f32.f64 %d, %a;", "f32 f64",
                    (a, b, x) -> i(saturate(f(write(d(a), "f32", mode))))));
            for (String type : FLOATS) {
                forms.add(c("cvt.r" + mode + "i." + type + "." + type + " %d, %a;", "b" + width(type) + " " + type,
                        (a, b, x) -> whole(read(a, type), type, mode)));
            }
        }
        forms.add(c("cvt.sat.f32.f32 %d, %a;", "f32 f32", (a, b, x) -> i(saturate(f(a)))));
        forms.add(c("cvt.rna.tf32.f32 %d, %a;", "b32 f32", (a, b, x) -> {
            float value = f(a);
            if (!Float.isFinite(value) || value == 0) {
                return i(value);
            }
            BigDecimal unit = new BigDecimal(Math.ulp(value)).multiply(BigDecimal.valueOf(1 << 13));
            BigDecimal units = new BigDecimal(value).divide(unit).setScale(0, RoundingMode.HALF_UP);
            float rounded = units.multiply(unit).floatValue();
            return i(rounded == 0 ? Math.copySign(rounded, value) : rounded);
        }));
    }

    private static float saturate(float value) {
        return value > 0 ? Math.min(value, 1) : 0;
    }

    private static long whole(double value, String type, String mode) {
        if (!Double.isFinite(value) || value == 0) {
            return write(value, type, "n");
        }
        BigDecimal whole = new BigDecimal(value).setScale(0, MODES.get(mode));
        return whole.signum() == 0 ? write(Math.copySign(0.0, value), type, "n") : round(whole, type, "n");
    }

    private static void shorts(List<Form> forms) {
        for (String mode : List.of("n", "z", "m", "p")) {
            forms.add(c("cvt.r" + mode + ".f16.f32 %d, %a;", "b16 f32", (a, b, x) -> write(f(a), "f16", mode)));
            forms.add(c("cvt.r" + mode + ".f16.f64 %d, %a;", "b16 f64", (a, b, x) -> write(d(a), "f16", mode)));
        }
        forms.add(c("cvt.rn.sat.f16.f32 %d, %a;", "b16 f32", (a, b, x) -> write(saturate(f(a)), "f16", "n")));
        for (String mode : List.of("n", "z")) {
            forms.add(c("cvt.r" + mode + ".bf16.f32 %d, %a;", "b16 f32", (a, b, x) -> write(f(a), "bf16", mode)));
            forms.add(c("cvt.r" + mode + ".relu.bf16.f32 %d, %a;", "b16 f32",
                    (a, b, x) -> write(f(a) < 0 ? 0 : f(a), "bf16", mode)));
        }
    }

    private static void packed(List<Form> forms) {
        for (String type : List.of("f16", "bf16")) {
            for (String mode : List.of("n", "z")) {
                forms.add(c("cvt.r" + mode + "." + type + "x2.f32 %d, %a, %b;", "b32 f32 f32",
                        (a, b, x) -> write(f(a), type, mode) << 16 | write(f(b), type, mode)));
            }
            forms.add(c("cvt.rn.relu." + type + "x2.f32 %d, %a, %b;", "b32 f32 f32", (a, b, x) ->
                    write(f(a) < 0 ? 0 : f(a), type, "n") << 16 | write(f(b) < 0 ? 0 : f(b), type, "n")));
        }
        for (String type : List.of("u16", "s16")) {
            forms.add(c("cvt.pack.sat." + type + ".s32 %d, %a, %b;", "b32 s32 s32",
                    (a, b, x) -> (clamp(value(a, "s32"), type).longValue() & 0xFFFF) << 16
                            | clamp(value(b, "s32"), type).longValue() & 0xFFFF));
        }
        for (String type : List.of("u8", "s8")) {
            forms.add(c("cvt.pack.sat." + type + ".s32.b32 %d, %a, %b, %c;", "b32 s32 s32 b32",
                    (a, b, x) -> (clamp(value(a, "s32"), type).longValue() & 0xFF) << 8
                            | clamp(value(b, "s32"), type).longValue() & 0xFF | x << 16));
        }
    }
}
