package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.d;
import static io.penstock.emulator.exec.Form.f;
import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.l;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** float32 and float64: roundings, flushing, saturation, NaN. */
final class FloatForms {
    private static final List<String> OPERANDS = List.of("%a", "%a, %b", "%a, %b, %c");

    private FloatForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String name : List.of("add", "sub", "mul", "fma", "div", "rcp", "sqrt")) {
            for (String mode : List.of("rn", "rz", "rm", "rp")) {
                rounded(forms, name, mode);
            }
        }
        extremes(forms);
        others(forms);
        return forms.stream();
    }

    private static float flush(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
    }

    private static float saturate(float value) {
        return value > 0 ? Math.min(value, 1f) : 0f;
    }

    private static void rounded(List<Form> forms, String name, String mode) {
        int num = name.equals("fma") ? 3 : name.equals("sqrt") || name.equals("rcp") ? 1 : 2;
        String operands = " %d, " + OPERANDS.get(num - 1) + ";";
        Exact doubles = new Exact(name, mode, true);
        Exact singles = new Exact(name, mode, false);
        forms.add(c(name + "." + mode + ".f64" + operands, "f64" + " f64".repeat(num),
                (a, b, x) -> doubles.of(d(a), d(b), d(x))));
        forms.add(c(name + "." + mode + ".f32" + operands, "f32" + " f32".repeat(num),
                (a, b, x) -> singles.of(f(a), f(b), f(x))));
        forms.add(c(name + "." + mode + ".ftz.f32" + operands, "f32" + " f32".repeat(num),
                (a, b, x) -> i(flush(f(singles.of(flush(f(a)), flush(f(b)), flush(f(x))))))));
        if (num > 1 && !name.equals("div")) {
            forms.add(c(name + "." + mode + ".sat.f32" + operands, "f32" + " f32".repeat(num),
                    (a, b, x) -> i(saturate(f(singles.of(f(a), f(b), f(x)))))));
            forms.add(c(name + "." + mode + ".ftz.sat.f32" + operands, "f32" + " f32".repeat(num), (a, b, x) ->
                    i(saturate(flush(f(singles.of(flush(f(a)), flush(f(b)), flush(f(x)))))))));
        }
    }

    private static float extreme(String name, float a, float b) {
        boolean keeps = name.contains("NaN");
        if (a != a || b != b) {
            return keeps ? Float.NaN : a != a ? b : a;
        }
        boolean isSmaller = Float.compare(a, b) < 0;
        return name.startsWith("min") == isSmaller ? a : b;
    }

    private static float xorSign(String name, float a, float b) {
        float magnitude = extreme(name, Math.abs(a), Math.abs(b));
        boolean isNegative = (Float.floatToRawIntBits(a) ^ Float.floatToRawIntBits(b)) < 0;
        return isNegative ? -magnitude : magnitude;
    }

    private static void extremes(List<Form> forms) {
        for (String name : List.of("min", "max", "min.NaN", "max.NaN")) {
            forms.add(c(name + ".f32 %d, %a, %b;", "f32 f32 f32", (a, b, x) -> i(extreme(name, f(a), f(b)))));
            forms.add(c(name.replaceFirst("^(m..)", "$1.ftz") + ".f32 %d, %a, %b;", "f32 f32 f32",
                    (a, b, x) -> i(extreme(name, flush(f(a)), flush(f(b))))));
            forms.add(c(name + ".xorsign.abs.f32 %d, %a, %b;", "f32 f32 f32",
                    (a, b, x) -> i(xorSign(name, f(a), f(b)))));
        }
        for (String name : List.of("min", "max")) {
            forms.add(c(name + ".f64 %d, %a, %b;", "f64 f64 f64", (a, b, x) -> {
                double left = d(a);
                double right = d(b);
                return l(left != left ? right : right != right ? left
                        : name.equals("min") == Double.compare(left, right) < 0 ? left : right);
            }));
        }
    }

    private static void others(List<Form> forms) {
        forms.add(c("mad.rn.f32 %d, %a, %b, %c;", "f32 f32 f32 f32", (a, b, x) -> i(Math.fma(f(a), f(b), f(x)))));
        forms.add(c("mad.rz.f64 %d, %a, %b, %c;", "f64 f64 f64 f64",
                (a, b, x) -> new Exact("fma", "rz", true).of(d(a), d(b), d(x))));
        forms.add(c("abs.ftz.f32 %d, %a;", "f32 f32", (a, b, x) -> i(Math.abs(flush(f(a))))));
        forms.add(c("neg.f32 %d, %a;", "f32 f32", (a, b, x) -> i(-f(a))));
        forms.add(c("neg.ftz.f32 %d, %a;", "f32 f32", (a, b, x) -> i(-flush(f(a)))));
        forms.add(c("abs.f64 %d, %a;", "f64 f64", (a, b, x) -> l(Math.abs(d(a)))));
        forms.add(c("neg.f64 %d, %a;", "f64 f64", (a, b, x) -> l(-d(a))));
        forms.add(c("copysign.f64 %d, %a, %b;", "b64 b64 b64",
                (a, b, x) -> b & Long.MAX_VALUE | a & Long.MIN_VALUE));
        for (String what : List.of("finite", "infinite", "number", "notanumber", "normal", "subnormal")) {
            forms.add(c("testp." + what + ".f32 %q0, %a; selp.u32 %d, 1, 0, %q0;", "u32 f32",
                    (a, b, x) -> isKind(what, (int) (a >>> 23 & 0xFF), 0xFF, (a & 0x7F_FFFF) != 0)));
            forms.add(c("testp." + what + ".f64 %q0, %a; selp.u32 %d, 1, 0, %q0;", "u32 f64",
                    (a, b, x) -> isKind(what, (int) (a >>> 52 & 0x7FF), 0x7FF, (a & (1L << 52) - 1) != 0)));
        }
    }

    /** By the fields of the bits. */
    private static long isKind(String what, int exponent, int largest, boolean hasFraction) {
        boolean is = switch (what) {
            case "finite" -> exponent != largest;
            case "infinite" -> exponent == largest && !hasFraction;
            case "number" -> exponent != largest || !hasFraction;
            case "notanumber" -> exponent == largest && hasFraction;
            case "normal" -> exponent != 0 && exponent != largest;
            default -> exponent == 0 && hasFraction;
        };
        return is ? 1 : 0;
    }
}
