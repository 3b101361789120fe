package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.c;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;

/** Bits, fields, bytes: results are put together bit by bit. */
final class BitForms {
    /** Whether bit {@code k} of a result is set. */
    private interface Bit {
        boolean of(int k);
    }

    private BitForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (int width : new int[] {16, 32, 64}) {
            logic(forms, width);
            shifts(forms, width);
        }
        for (int width : new int[] {32, 64}) {
            counts(forms, width);
            fields(forms, width);
        }
        permutations(forms);
        tables(forms);
        funnels(forms);
        masks(forms);
        dotProducts(forms);
        video(forms);
        return forms.stream();
    }

    private static long bits(int width, Bit bit) {
        long value = 0;
        for (int k = 0; k < width; k++) {
            value |= bit.of(k) ? 1L << k : 0;
        }
        return value;
    }

    private static boolean has(long value, long k) {
        return k >= 0 && k < 64 && (value >>> k & 1) != 0;
    }

    private static void logic(List<Form> forms, int width) {
        String b = "b" + width;
        String types = b + " " + b + " " + b;
        forms.add(c("and." + b + " %d, %a, %b;", types, (x, y, z) -> bits(width, k -> has(x, k) && has(y, k))));
        forms.add(c("or." + b + " %d, %a, %b;", types, (x, y, z) -> bits(width, k -> has(x, k) || has(y, k))));
        forms.add(c("xor." + b + " %d, %a, %b;", types, (x, y, z) -> bits(width, k -> has(x, k) != has(y, k))));
        forms.add(c("not." + b + " %d, %a;", b + " " + b, (x, y, z) -> bits(width, k -> !has(x, k))));
        forms.add(c("cnot." + b + " %d, %a;", b + " " + b, (x, y, z) -> x == 0 ? 1 : 0));
    }

    private static void shifts(List<Form> forms, int width) {
        String rest = " %d, %a, %b;";
        String amount = " amount32";
        forms.add(c("shl.b" + width + rest, "b" + width + " b" + width + amount,
                (x, n, z) -> bits(width, k -> n < width && has(x, k - n))));
        for (String type : List.of("u" + width, "b" + width)) {
            forms.add(c("shr." + type + rest, type + " " + type + amount,
                    (x, n, z) -> bits(width, k -> k + n < width && has(x, k + n))));
        }
        forms.add(c("shr.s" + width + rest, "s" + width + " s" + width + amount,
                (x, n, z) -> bits(width, k -> has(x, Math.min(k + n, width - 1)))));
    }

    private static int highest(long value, int width) {
        int at = width - 1;
        while (at >= 0 && !has(value, at)) {
            at--;
        }
        return at;
    }

    private static void counts(List<Form> forms, int width) {
        String b = "b" + width;
        forms.add(c("popc." + b + " %d, %a;", "u32 " + b, (x, y, z) -> {
            int num = 0;
            for (int k = 0; k < width; k++) {
                num += has(x, k) ? 1 : 0;
            }
            return num;
        }));
        forms.add(c("clz." + b + " %d, %a;", "u32 " + b, (x, y, z) -> width - 1 - highest(x, width)));
        forms.add(c("brev." + b + " %d, %a;", b + " " + b, (x, y, z) -> bits(width, k -> has(x, width - 1 - k))));
        for (String type : List.of("u" + width, "s" + width)) {
            LongUnaryOperator seen = x -> type.startsWith("s") && has(x, width - 1) ? ~x : x;
            forms.add(c("bfind." + type + " %d, %a;", "u32 " + type,
                    (x, y, z) -> highest(seen.applyAsLong(x), width)));
            forms.add(c("bfind.shiftamt." + type + " %d, %a;", "u32 " + type, (x, y, z) -> {
                int at = highest(seen.applyAsLong(x), width);
                return at < 0 ? -1 : width - 1 - at;
            }));
        }
    }

    private static void fields(List<Form> forms, int width) {
        for (String type : List.of("u" + width, "s" + width)) {
            forms.add(c("bfe." + type + " %d, %a, %b, %c;", type + " " + type + " amount32 amount32", (x, at, num) -> {
                long from = at & 0xFF;
                long length = num & 0xFF;
                boolean sign = type.startsWith("s") && length > 0 && has(x, Math.min(from + length - 1, width - 1));
                return bits(width, k -> k < length && from + k < width ? has(x, from + k) : sign);
            }));
        }
        forms.add(c("bfi.b" + width + " %d, %a, %a, %b, %c;", "b" + width + " b" + width + " amount32 amount32",
                (x, at, num) -> bits(width, k -> {
                    long from = at & 0xFF;
                    boolean isInside = k >= from && k < from + (num & 0xFF);
                    return isInside ? has(x, k - from) : has(x, k);
                })));
    }

    /** The byte that each byte of the result is, from the lowest, by mode and selector: PTX's own tables. */
    private static int selected(String mode, int selector, int place) {
        String[] rows = switch (mode) {
            case "f4e" -> new String[] {"3210", "4321", "5432", "6543"};
            case "b4e" -> new String[] {"5670", "6701", "7012", "0123"};
            case "rc8" -> new String[] {"0000", "1111", "2222", "3333"};
            case "ecl" -> new String[] {"3210", "3211", "3222", "3333"};
            case "ecr" -> new String[] {"0000", "1110", "2210", "3210"};
            default -> new String[] {"1010", "3232", "1010", "3232"};
        };
        return rows[selector & 3].charAt(3 - place) - '0';
    }

    private static void permutations(List<Form> forms) {
        for (String mode : List.of("f4e", "b4e", "rc8", "ecl", "ecr", "rc16")) {
            forms.add(c("prmt.b32." + mode + " %d, %a, %b, %c;", "b32 b32 b32 b32", (x, y, z) -> {
                long both = x | y << 32;
                return bits(32, k -> has(both, 8 * selected(mode, (int) z, k / 8) + k % 8));
            }));
        }
        forms.add(c("prmt.b32 %d, %a, %b, %c;", "b32 b32 b32 b32", (x, y, z) -> {
            long both = x | y << 32;
            return bits(32, k -> {
                long select = z >>> k / 8 * 4 & 15;
                return has(both, (select & 7) * 8 + (select > 7 ? 7 : k % 8));
            });
        }));
    }

    private static void tables(List<Form> forms) {
        for (int table : new int[] {0x00, 0x01, 0x1B, 0x80, 0x96, 0xB8, 0xCA, 0xE8, 0xFE, 0xFF}) {
            String text = String.format(Locale.ROOT, "lop3.b32 %%d, %%a, %%b, %%c, 0x%02X;", table);
            forms.add(c(text, "b32 b32 b32 b32", (x, y, z) -> bits(32,
                    k -> has(table, (has(x, k) ? 4 : 0) + (has(y, k) ? 2 : 0) + (has(z, k) ? 1 : 0)))));
        }
    }

    private static void funnels(List<Form> forms) {
        for (String mode : List.of("wrap", "clamp")) {
            LongUnaryOperator amount = n -> mode.equals("wrap") ? n & 31 : Math.min(n, 32);
            forms.add(c("shf.l." + mode + ".b32 %d, %a, %b, %c;", "b32 b32 b32 amount32", (x, y, n) ->
                    bits(32, k -> has(x | y << 32, 32 + k - amount.applyAsLong(n)))));
            forms.add(c("shf.r." + mode + ".b32 %d, %a, %b, %c;", "b32 b32 b32 amount32", (x, y, n) ->
                    bits(32, k -> has(x | y << 32, k + amount.applyAsLong(n)))));
        }
    }

    private static void masks(List<Form> forms) {
        forms.add(c("bmsk.clamp.b32 %d, %a, %b;", "b32 amount32 amount32",
                (from, num, z) -> bits(32, k -> k >= from && k < from + num)));
        forms.add(c("bmsk.wrap.b32 %d, %a, %b;", "b32 amount32 amount32",
                (from, num, z) -> bits(32, k -> k >= (from & 31) && k < (from & 31) + (num & 31))));
        for (String mode : List.of("wrap", "clamp")) {
            for (String type : List.of("u32", "s32")) {
                forms.add(c("szext." + mode + "." + type + " %d, %a, %b;", type + " " + type + " amount32",
                        (x, num, z) -> {
                            long length = mode.equals("wrap") ? num & 31 : Math.min(num, 32);
                            boolean sign = type.equals("s32") && length > 0 && length < 32 && has(x, length - 1);
                            return bits(32, k -> k < length ? has(x, k) : sign);
                        }));
            }
        }
        forms.add(c("and.b32 %t0, %b, 31; and.b32 %t1, %c, 7; sub.s32 %t1, %t1, 3; fns.b32 %d, %a, %t0, %t1;",
                "b32 b32 b32 b32", (mask, base, offset) -> nth(mask, (int) base & 31, (int) (offset & 7) - 3)));
    }

    private static long nth(long mask, int base, int offset) {
        List<Integer> places = new ArrayList<>();
        for (int k = 0; k < 32; k++) {
            boolean isAsked = offset > 0 ? k >= base : offset < 0 ? k <= base : k == base;
            if (isAsked && has(mask, k)) {
                places.add(k);
            }
        }
        int index = offset > 0 ? offset - 1 : offset < 0 ? places.size() + offset : 0;
        return index >= 0 && index < places.size() ? places.get(index) : -1;
    }

    private static long part(long value, int at, int width, String type) {
        long bits = value >>> at & (1L << width) - 1;
        return type.startsWith("s") && has(bits, width - 1) ? bits - (1L << width) : bits;
    }

    private static void dotProducts(List<Form> forms) {
        for (String left : List.of("u32", "s32")) {
            for (String right : List.of("u32", "s32")) {
                String kinds = left + "." + right + " %d, %a, %b, %c;";
                forms.add(c("dp4a." + kinds, "b32 b32 b32 b32", (x, y, z) -> z
                        + part(x, 0, 8, left) * part(y, 0, 8, right) + part(x, 8, 8, left) * part(y, 8, 8, right)
                        + part(x, 16, 8, left) * part(y, 16, 8, right) + part(x, 24, 8, left) * part(y, 24, 8, right)));
                for (String half : List.of("lo", "hi")) {
                    int at = half.equals("lo") ? 0 : 16;
                    forms.add(c("dp2a." + half + "." + kinds, "b32 b32 b32 b32", (x, y, z) -> z
                            + part(x, 0, 16, left) * part(y, at, 8, right)
                            + part(x, 16, 16, left) * part(y, at + 8, 8, right)));
                }
            }
        }
    }

    private static long one(String name, long x, long y) {
        return switch (name) {
            case "add" -> x + y;
            case "sub" -> x - y;
            case "avrg" -> Math.floorDiv(x + y + (x + y < 0 ? 0 : 1), 2);
            case "absdiff" -> Math.abs(x - y);
            case "min" -> Math.min(x, y);
            default -> Math.max(x, y);
        };
    }

    private static void video(List<Form> forms) {
        for (String name : List.of("add", "sub", "avrg", "absdiff", "min", "max")) {
            for (int num : new int[] {2, 4}) {
                for (String type : List.of("u32", "s32")) {
                    video(forms, name, num, type);
                }
            }
        }
    }

    private static void video(List<Form> forms, String name, int num, String type) {
        int width = 32 / num;
        String word = "v" + name + num + "." + (type + ".").repeat(3);
        for (String how : List.of("", "sat", "add")) {
            String opcode = word.substring(0, word.length() - 1) + (how.isEmpty() ? "" : "." + how);
            forms.add(c(opcode + " %d, %a, %b, %c;", "b32 b32 b32 b32", (x, y, z) -> {
                long merged = 0;
                long sum = z;
                long max = type.equals("u32") ? (1L << width) - 1 : (1L << width - 1) - 1;
                long min = type.equals("u32") ? 0 : -max - 1;
                for (int at = 0; at < 32; at += width) {
                    long value = one(name, part(x, at, width, type), part(y, at, width, type));
                    value = how.equals("sat") ? Math.clamp(value, min, max) : value;
                    merged |= (value & (1L << width) - 1) << at;
                    sum += part(value, 0, width, type);
                }
                return how.equals("add") ? sum : merged;
            }));
        }
    }
}
