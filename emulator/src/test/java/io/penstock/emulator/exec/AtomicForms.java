package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.big;
import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.d;
import static io.penstock.emulator.exec.Form.f;
import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.l;
import static io.penstock.emulator.exec.Form.warp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Each atomic operation: the value left in memory and the value that was there. */
final class AtomicForms {
    private static final String GLOBAL = ".global .align 16 .b8 all[1024];\n.global .align 8 .u64 one = 3;\n";

    private AtomicForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String name : List.of("and.b32", "or.b32", "xor.b32", "exch.b32", "and.b64", "or.b64", "xor.b64",
                "exch.b64", "add.u32", "add.s32", "add.u64", "min.s32", "max.s32", "min.u32", "max.u32", "min.s64",
                "max.s64", "min.u64", "max.u64", "inc.u32", "dec.u32", "add.f32", "add.f64", "add.noftz.f16",
                "add.noftz.f16x2", "add.noftz.bf16", "add.noftz.bf16x2")) {
            one(forms, name);
        }
        for (String type : List.of("b16", "b32", "b64")) {
            swaps(forms, type);
        }
        contended(forms);
        return forms.stream();
    }

    private static BigInteger value(long bits, String type) {
        BigInteger value = big(bits);
        int width = Integer.parseInt(type.substring(1));
        boolean isNegative = type.startsWith("s") && value.testBit(width - 1);
        return isNegative ? value.subtract(BigInteger.ONE.shiftLeft(width)) : value;
    }

    private static long half(long a, long b, String type) {
        double sum = HalfForms.value(a, type) + HalfForms.value(b, type);
        if (Double.isNaN(sum)) {
            return 0x7FFF;
        }
        if (Double.isInfinite(sum)) {
            return (sum < 0 ? 0x8000 : 0) | (type.startsWith("bf") ? 0x7F80 : 0x7C00);
        }
        if (sum == 0) {
            return Double.doubleToRawLongBits(sum) < 0 ? 0x8000 : 0;
        }
        return HalfForms.round(new BigDecimal(HalfForms.value(a, type)).add(
                new BigDecimal(HalfForms.value(b, type))), type);
    }

    private static long updated(String name, long old, long a) {
        String type = name.substring(name.lastIndexOf('.') + 1);
        return switch (name.substring(0, name.indexOf('.'))) {
            case "and" -> old & a;
            case "or" -> old | a;
            case "xor" -> old ^ a;
            case "exch" -> a;
            case "min" -> value(old, type).min(value(a, type)).longValue();
            case "max" -> value(old, type).max(value(a, type)).longValue();
            case "inc" -> old < a ? old + 1 : 0;
            case "dec" -> old == 0 || old > a ? a : old - 1;
            default -> switch (type) {
                case "f32" -> i(f(old) + f(a));
                case "f64" -> l(d(old) + d(a));
                case "f16", "bf16" -> half(old, a, type);
                case "f16x2", "bf16x2" -> half(old & 0xFFFF, a & 0xFFFF, type.substring(0, type.length() - 2))
                        | half(old >>> 16, a >>> 16, type.substring(0, type.length() - 2)) << 16;
                default -> old + a;
            };
        };
    }

    private static void one(List<Form> forms, String name) {
        String type = name.substring(name.lastIndexOf('.') + 1);
        String bits = type.endsWith("x2") ? "b32" : "b" + type.replaceAll("\\D", "");
        int size = Integer.parseInt(bits.substring(1)) / 8;
        String kinds = bits + " " + type + " " + type;
        String zero = "mov.b" + 8 * size + " %d, %b; ";
        String shared = ".shared .align 8 .b8 s[256];\nmov.u32 %t0, s; mad.lo.u32 %t0, %lane, " + size + ", %t0; "
                + "st.shared." + bits + " [%t0], %a; " + zero;
        String global = "mov.u64 %u0, all; mad.wide.u32 %u0, %lane, " + size + ", %u0; st.global." + bits
                + " [%u0], %a; " + zero;
        forms.add(c(shared + "atom.shared." + name + " %d, [%t0], %b;", kinds, (a, b, x) -> a));
        forms.add(c(shared + "atom.shared." + name + " %d, [%t0], %b; ld.shared." + bits + " %d, [%t0];", kinds,
                (a, b, x) -> updated(name, a, b)));
        forms.add(c(global + "atom.relaxed.gpu.global." + name + " %d, [%u0], %b; ld.global." + bits + " %d, [%u0];",
                kinds, (a, b, x) -> updated(name, a, b)).after(GLOBAL));
        if (!name.startsWith("exch")) {
            forms.add(c(global + "red.global." + name + " [%u0], %b; ld.global." + bits + " %d, [%u0];", kinds,
                    (a, b, x) -> updated(name, a, b)).after(GLOBAL));
        }
    }

    private static void swaps(List<Form> forms, String type) {
        int size = Integer.parseInt(type.substring(1)) / 8;
        String start = "mov.u64 %u0, all; mad.wide.u32 %u0, %lane, " + size + ", %u0; st.global." + type
                + " [%u0], %a; ";
        String kinds = type + " " + type + " " + type + " " + type;
        for (String order : List.of("", ".acq_rel.gpu", ".acquire.cta", ".release.sys")) {
            forms.add(c(start + "atom" + order + ".global.cas." + type + " %d, [%u0], %b, %c; ld.global." + type
                    + " %d, [%u0];", kinds, (a, b, x) -> a == b ? x : a).after(GLOBAL));
        }
        forms.add(c(start + "atom.global.cas." + type + " %d, [%u0], %a, %c; ld.global." + type + " %d, [%u0];", kinds,
                (a, b, x) -> x).after(GLOBAL));
        forms.add(c(start + "atom.global.cas." + type + " %d, [%u0], %b, %c;", kinds, (a, b, x) -> a).after(GLOBAL));
    }

    /** All lanes at one address. */
    private static void contended(List<Form> forms) {
        forms.add(warp("red.global.add.u64 [one], %a; bar.warp.sync -1; ld.volatile.global.u64 %d, [one];", "u64 u64",
                (in, lane) -> {
                    long sum = 3;
                    for (long each : in[0]) {
                        sum += each;
                    }
                    return sum;
                }).after(GLOBAL));
        forms.add(warp("{ .shared .u32 s; setp.eq.u32 %q0, %lane, 0; @%q0 st.shared.u32 [s], 0; bar.sync 0; "
                + "atom.shared.add.u32 %t0, [s], 1; bar.sync 0; ld.shared.u32 %d, [s]; }", "u32", (in, lane) -> 32));
    }
}
