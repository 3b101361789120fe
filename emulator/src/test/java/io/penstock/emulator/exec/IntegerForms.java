package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.big;
import static io.penstock.emulator.exec.Form.c;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Integer arithmetic in every width, against integers without bounds. */
final class IntegerForms {
    /** Of mathematical integers. */
    private interface Whole {
        BigInteger of(BigInteger a, BigInteger b, BigInteger c);
    }

    private static final BigInteger ZERO = BigInteger.ZERO;

    private IntegerForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("s16", "u16", "s32", "u32", "s64", "u64")) {
            arithmetic(forms, type);
        }
        for (String type : List.of("s16", "u16", "s32", "u32")) {
            wide(forms, type);
        }
        for (String type : List.of("s32", "u32")) {
            narrow(forms, type);
        }
        saturating(forms);
        carries(forms);
        forms.addAll(pairs());
        return forms.stream();
    }

    private static BigInteger value(long bits, String type) {
        int width = Integer.parseInt(type.substring(1));
        BigInteger unsigned = big(width == 64 ? bits : bits & (1L << width) - 1);
        boolean isNegative = type.charAt(0) == 's' && unsigned.testBit(width - 1);
        return isNegative ? unsigned.subtract(BigInteger.ONE.shiftLeft(width)) : unsigned;
    }

    private static void add(List<Form> forms, String name, String type, int num, Whole f) {
        String body = name + "." + type + " %d, " + List.of("%a", "%a, %b", "%a, %b, %c").get(num - 1) + ";";
        forms.add(c(body, type + (" " + type).repeat(num),
                (a, b, x) -> f.of(value(a, type), value(b, type), value(x, type)).longValue()));
    }

    private static void arithmetic(List<Form> forms, String type) {
        int width = Integer.parseInt(type.substring(1));
        add(forms, "add", type, 2, (a, b, x) -> a.add(b));
        add(forms, "sub", type, 2, (a, b, x) -> a.subtract(b));
        add(forms, "mul.lo", type, 2, (a, b, x) -> a.multiply(b));
        add(forms, "mul.hi", type, 2, (a, b, x) -> a.multiply(b).shiftRight(width));
        add(forms, "mad.lo", type, 3, (a, b, x) -> a.multiply(b).add(x));
        add(forms, "mad.hi", type, 3, (a, b, x) -> a.multiply(b).shiftRight(width).add(x));
        add(forms, "sad", type, 3, (a, b, x) -> a.subtract(b).abs().add(x));
        add(forms, "min", type, 2, (a, b, x) -> a.min(b));
        add(forms, "max", type, 2, (a, b, x) -> a.max(b));
        // Division by zero has no defined result: the emulator gives all ones, and the dividend, as GPUs do.
        add(forms, "div", type, 2, (a, b, x) -> b.equals(ZERO) ? BigInteger.ONE.negate() : a.divide(b));
        add(forms, "rem", type, 2, (a, b, x) -> b.equals(ZERO) ? a : a.subtract(a.divide(b).multiply(b)));
        if (type.startsWith("s")) {
            add(forms, "abs", type, 1, (a, b, x) -> a.abs());
            add(forms, "neg", type, 1, (a, b, x) -> a.negate());
        }
    }

    private static void wide(List<Form> forms, String type) {
        String twice = type.charAt(0) + (type.endsWith("16") ? "32" : "64");
        forms.add(c("mul.wide." + type + " %d, %a, %b;", twice + " " + type + " " + type,
                (a, b, x) -> value(a, type).multiply(value(b, type)).longValue()));
        forms.add(c("mad.wide." + type + " %d, %a, %b, %c;", twice + " " + type + " " + type + " " + twice,
                (a, b, x) -> value(a, type).multiply(value(b, type)).add(value(x, twice)).longValue()));
    }

    private static BigInteger lowest24(BigInteger value, String type) {
        BigInteger bits = value.mod(BigInteger.ONE.shiftLeft(24));
        return type.equals("s32") && bits.testBit(23) ? bits.subtract(BigInteger.ONE.shiftLeft(24)) : bits;
    }

    private static void narrow(List<Form> forms, String type) {
        for (String half : List.of("lo", "hi")) {
            int shift = half.equals("hi") ? 16 : 0;
            add(forms, "mul24." + half, type, 2,
                    (a, b, x) -> lowest24(a, type).multiply(lowest24(b, type)).shiftRight(shift));
            add(forms, "mad24." + half, type, 3,
                    (a, b, x) -> lowest24(a, type).multiply(lowest24(b, type)).shiftRight(shift).add(x));
        }
    }

    private static BigInteger clamp(BigInteger value) {
        return value.max(BigInteger.valueOf(Integer.MIN_VALUE)).min(BigInteger.valueOf(Integer.MAX_VALUE));
    }

    private static void saturating(List<Form> forms) {
        add(forms, "add.sat", "s32", 2, (a, b, x) -> clamp(a.add(b)));
        add(forms, "sub.sat", "s32", 2, (a, b, x) -> clamp(a.subtract(b)));
        add(forms, "mad.hi.sat", "s32", 3, (a, b, x) -> clamp(a.multiply(b).shiftRight(32).add(x)));
        add(forms, "mad24.hi.sat", "s32", 3, (a, b, x) -> clamp(BigInteger.valueOf(
                lowest24(a, "s32").multiply(lowest24(b, "s32")).shiftRight(16).intValue()).add(x)));
        add(forms, "min.relu", "s32", 2, (a, b, x) -> a.min(b).max(ZERO));
        add(forms, "max.relu", "s32", 2, (a, b, x) -> a.max(b).max(ZERO));
    }

    /** Both words of sums, differences and products of twice the width. */
    private static void carries(List<Form> forms) {
        for (int width : new int[] {32, 64}) {
            String u = "u" + width;
            String s = "s" + width;
            String three = " " + u + " " + u + " " + u;
            BigInteger modulus = BigInteger.ONE.shiftLeft(width);
            forms.add(c("add.cc." + u + " %d, %a, %b; addc.cc." + u + " %d, %a, %c; addc." + u + " %d, 0, 0;",
                    u + three, (a, b, x) -> big(a).add(big(x)).add(big(a).add(big(b)).shiftRight(width))
                            .shiftRight(width).longValue()));
            forms.add(c("sub.cc." + u + " %d, %a, %b; subc.cc." + u + " %d, %c, %a; subc." + u + " %d, 0, 0;",
                    u + three, (a, b, x) -> {
                        BigInteger borrow = big(a).compareTo(big(b)) < 0 ? BigInteger.ONE : ZERO;
                        return big(x).subtract(big(a)).subtract(borrow).signum() < 0 ? -1 : 0;
                    }));
            forms.add(c("add.cc." + s + " %d, %a, %b; addc." + s + " %d, %b, %c;", u + three,
                    (a, b, x) -> big(b).add(big(x)).add(big(a).add(big(b)).shiftRight(width)).longValue()));
            forms.add(c("mad.lo.cc." + u + " %d, %a, %b, %c; madc.hi." + u + " %d, %a, %b, 5;", u + three,
                    (a, b, x) -> big(a).multiply(big(b)).add(big(x)).shiftRight(width)
                            .add(BigInteger.valueOf(5)).longValue()));
            forms.add(c("mad.hi.cc." + u + " %d, %a, %b, %c; madc.lo.cc." + u + " %d, %a, %b, %c; addc." + u
                    + " %d, 0, 0;", u + three, (a, b, x) -> {
                        BigInteger product = big(a).multiply(big(b));
                        BigInteger carry = product.shiftRight(width).add(big(x)).shiftRight(width);
                        return product.mod(modulus).add(big(x)).add(carry).shiftRight(width).longValue();
                    }));
        }
    }

    private static List<Form> pairs() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("u16x2", "s16x2")) {
            String half = type.substring(0, 3);
            for (String name : List.of("add", "min", "max")) {
                forms.add(c(name + "." + type + " %d, %a, %b;", "b32 b32 b32", (a, b, x) -> {
                    long result = 0;
                    for (int shift = 0; shift < 32; shift += 16) {
                        BigInteger left = value(a >>> shift, half);
                        BigInteger right = value(b >>> shift, half);
                        BigInteger each = name.equals("add") ? left.add(right)
                                : name.equals("min") ? left.min(right) : left.max(right);
                        result |= (each.longValue() & 0xFFFF) << shift;
                    }
                    return result;
                }));
            }
        }
        return forms;
    }
}
