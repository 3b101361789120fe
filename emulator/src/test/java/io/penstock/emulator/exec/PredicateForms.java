package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.big;
import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.d;
import static io.penstock.emulator.exec.Form.f;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Comparisons of every type, combined with predicates, and what chooses by them. */
final class PredicateForms {
    private PredicateForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("s16", "u16", "s32", "u32", "s64", "u64")) {
            for (String how : List.of("eq", "ne", "lt", "le", "gt", "ge")) {
                compare(forms, how, type);
            }
        }
        for (String type : List.of("u16", "u32", "u64")) {
            for (String how : List.of("lo", "ls", "hi", "hs")) {
                compare(forms, how, type);
            }
        }
        for (String type : List.of("f32", "f64", "f16", "bf16")) {
            for (String how : List.of("eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu",
                    "num", "nan")) {
                compare(forms, how, type);
            }
        }
        combined(forms);
        sets(forms);
        selections(forms);
        logic(forms);
        return forms.stream();
    }

    private static boolean holds(String how, long a, long b, String type) {
        int order;
        if (type.contains("f")) {
            double x = real(a, type);
            double y = real(b, type);
            boolean isNan = Double.isNaN(x) || Double.isNaN(y);
            if (how.equals("num") || how.equals("nan")) {
                return isNan == how.equals("nan");
            }
            if (isNan) {
                return how.length() == 3;
            }
            order = x < y ? -1 : x > y ? 1 : 0;
        } else {
            order = whole(a, type).compareTo(whole(b, type));
        }
        return switch (how.substring(0, 2)) {
            case "eq" -> order == 0;
            case "ne" -> order != 0;
            case "lt", "lo" -> order < 0;
            case "le", "ls" -> order <= 0;
            case "gt", "hi" -> order > 0;
            default -> order >= 0;
        };
    }

    private static double real(long bits, String type) {
        return switch (type) {
            case "f32" -> f(bits);
            case "f64" -> d(bits);
            default -> HalfForms.value(bits, type);
        };
    }

    private static BigInteger whole(long bits, String type) {
        int width = Integer.parseInt(type.substring(1));
        BigInteger value = big(bits);
        boolean isNegative = type.startsWith("s") && value.testBit(width - 1);
        return isNegative ? value.subtract(BigInteger.ONE.shiftLeft(width)) : value;
    }

    private static void compare(List<Form> forms, String how, String type) {
        forms.add(c("setp." + how + "." + type + " %q0|%q1, %a, %b; selp.u32 %d, 1, 0, %q0; @%q1 add.u32 %d, %d, 2;",
                "u32 " + type + " " + type, (a, b, x) -> holds(how, a, b, type) ? 1 : 2));
    }

    private static void combined(List<Form> forms) {
        for (String how : List.of("and", "or", "xor")) {
            for (String sign : List.of("", "!")) {
                forms.add(c("setp.gt.s32 %q2, %c, 0; setp.lt." + how + ".f32 %q0|%q1, %a, %b, " + sign
                        + "%q2; selp.u32 %d, 1, 0, %q0; @%q1 add.u32 %d, %d, 2;", "u32 f32 f32 s32", (a, b, x) -> {
                            boolean other = (int) x > 0 == sign.isEmpty();
                            boolean is = f(a) < f(b);
                            return (mix(how, is, other) ? 1 : 0) + (mix(how, !is, other) ? 2 : 0);
                        }));
                forms.add(c("setp.gt.s32 %q2, %c, 0; set.le." + how + ".u32.u32 %d, %a, %b, " + sign + "%q2;",
                        "u32 u32 u32 s32", (a, b, x) -> mix(how, a <= b, (int) x > 0 == sign.isEmpty()) ? -1 : 0));
            }
        }
        forms.add(c("setp.lt.ftz.f32 %q0, %a, 0f00000000; selp.u32 %d, 1, 0, %q0;", "u32 f32",
                (a, b, x) -> f(a) <= -Float.MIN_NORMAL ? 1 : 0));
        for (String type : List.of("f16", "bf16")) {
            forms.add(c("setp.ge." + type + "x2 %q0|%q1, %a, %b; selp.u32 %d, 1, 0, %q0; @%q1 add.u32 %d, %d, 2;",
                    "u32 " + type + "x2 " + type + "x2",
                    (a, b, x) -> (holds("ge", a & 0xFFFF, b & 0xFFFF, type) ? 1 : 0)
                            + (holds("ge", a >>> 16, b >>> 16, type) ? 2 : 0)));
        }
    }

    private static boolean mix(String how, boolean a, boolean b) {
        return how.equals("and") ? a && b : how.equals("or") ? a || b : a != b;
    }

    private static void sets(List<Form> forms) {
        for (String from : List.of("s32", "u16", "s64", "f32", "f64", "f16")) {
            for (String to : List.of("u32", "s32", "f32")) {
                forms.add(c("set.gt." + to + "." + from + " %d, %a, %b;", "b32 " + from + " " + from,
                        (a, b, x) -> !holds("gt", a, b, from) ? 0 : to.equals("f32") ? 0x3F80_0000 : -1));
            }
        }
        for (String type : List.of("f16", "bf16")) {
            long one = type.equals("f16") ? 0x3C00 : 0x3F80;
            forms.add(c("set.neu." + type + "." + type + " %d, %a, %b;", "b16 " + type + " " + type,
                    (a, b, x) -> holds("neu", a, b, type) ? one : 0));
            forms.add(c("set.eq.u16." + type + " %d, %a, %b;", "b16 " + type + " " + type,
                    (a, b, x) -> holds("eq", a, b, type) ? 0xFFFF : 0));
            for (String to : List.of(type + "x2", "u32")) {
                long yes = to.equals("u32") ? 0xFFFF : one;
                forms.add(c("set.lt." + to + "." + type + "x2 %d, %a, %b;", "b32 " + type + "x2 " + type + "x2",
                        (a, b, x) -> (holds("lt", a & 0xFFFF, b & 0xFFFF, type) ? yes : 0)
                                | (holds("lt", a >>> 16, b >>> 16, type) ? yes << 16 : 0)));
            }
        }
    }

    private static void selections(List<Form> forms) {
        for (String type : List.of("b16", "u32", "s64", "f32", "f64")) {
            String register = type.startsWith("f") ? type : "b" + type.substring(1);
            forms.add(c("setp.lt.s32 %q0, %c, 0; selp." + type + " %d, %a, %b, %q0;",
                    register + " " + register.replace("f", "b") + " " + register.replace("f", "b") + " s32",
                    (a, b, x) -> (int) x < 0 ? a : b));
            forms.add(c("slct." + type + ".s32 %d, %a, %b, %c;",
                    register + " " + register.replace("f", "b") + " " + register.replace("f", "b") + " s32",
                    (a, b, x) -> (int) x >= 0 ? a : b));
            forms.add(c("slct." + type + ".f32 %d, %a, %b, %c;",
                    register + " " + register.replace("f", "b") + " " + register.replace("f", "b") + " f32",
                    (a, b, x) -> f(x) >= 0 ? a : b));
        }
        forms.add(c("slct.ftz.u32.f32 %d, %a, %b, %c;", "b32 b32 b32 f32",
                (a, b, x) -> f(x) > -Float.MIN_NORMAL ? a : b));
    }

    private static void logic(List<Form> forms) {
        String start = "setp.lt.s32 %q0, %a, 0; setp.lt.s32 %q1, %b, 0; ";
        String end = " selp.u32 %d, 1, 0, %q2;";
        for (String how : List.of("and", "or", "xor")) {
            forms.add(c(start + how + ".pred %q2, %q0, %q1;" + end, "u32 s32 s32",
                    (a, b, x) -> mix(how, (int) a < 0, (int) b < 0) ? 1 : 0));
        }
        forms.add(c(start + "not.pred %q2, %q0;" + end, "u32 s32 s32", (a, b, x) -> (int) a < 0 ? 0 : 1));
        forms.add(c(start + "mov.pred %q2, %q1;" + end, "u32 s32 s32", (a, b, x) -> (int) b < 0 ? 1 : 0));
    }
}
