package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.c;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** float16 and bfloat16, single and in pairs: the exact result rounded once, by looking at all neighbours. */
final class HalfForms {
    /** Bits of a result from bits of operands. */
    private interface OfBits {
        long of(long a, long b, long c);
    }

    private HalfForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("f16", "bf16")) {
            arithmetic(forms, type, "fma", ".rn");
            arithmetic(forms, type, "fma", ".rn.relu");
            extremes(forms, type);
            both(forms, type, "abs", 1, (a, b, x) -> a & 0x7FFF);
            both(forms, type, "neg", 1, (a, b, x) -> a ^ 0x8000);
            for (String name : List.of("add", "sub", "mul")) {
                arithmetic(forms, type, name, "");
            }
        }
        for (String name : List.of("add", "sub", "mul", "fma")) {
            for (String how : List.of(".rn.ftz", ".rn.sat", ".rn.ftz.sat")) {
                arithmetic(forms, "f16", name, how);
            }
        }
        return forms.stream();
    }

    static double value(long bits, String type) {
        return type.startsWith("bf") ? Float.intBitsToFloat((int) bits << 16) : Float.float16ToFloat((short) bits);
    }

    /** Nearest of all values of the type, ties to even. */
    static long round(BigDecimal exact, String type) {
        int infinity = type.startsWith("bf") ? 0x7F80 : 0x7C00;
        BigDecimal magnitude = exact.abs();
        long sign = exact.signum() < 0 ? 0x8000 : 0;
        int low = 0;
        int high = infinity;
        while (high - low > 1) {
            int middle = low + high >>> 1;
            if (ordinary(middle, type).compareTo(magnitude) <= 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        int side = magnitude.subtract(ordinary(low, type)).compareTo(ordinary(high, type).subtract(magnitude));
        return sign | (side < 0 || side == 0 && (low & 1) == 0 ? low : high);
    }

    /** As if exponents went on where infinity is. */
    private static BigDecimal ordinary(int bits, String type) {
        if (bits == 0x7F80 && type.startsWith("bf")) {
            return new BigDecimal(0x1p128);
        }
        return bits == 0x7C00 && !type.startsWith("bf") ? new BigDecimal(65536) : new BigDecimal(value(bits, type));
    }

    private static void both(List<Form> forms, String type, String name, int num, OfBits f) {
        String operands = " %d, " + List.of("%a", "%a, %b", "%a, %b, %c").get(num - 1) + ";";
        forms.add(c(name + "." + type + operands, "b16" + (" " + type).repeat(num), f::of));
        forms.add(c(name + "." + type + "x2" + operands, "b32" + (" " + type + "x2").repeat(num),
                (a, b, x) -> f.of(a & 0xFFFF, b & 0xFFFF, x & 0xFFFF)
                        | f.of(a >>> 16, b >>> 16, x >>> 16) << 16));
    }

    private static long flush(long bits) {
        return (bits & 0x7C00) == 0 ? bits & 0x8000 : bits;
    }

    private static void arithmetic(List<Form> forms, String type, String name, String how) {
        boolean flushes = how.contains("ftz");
        both(forms, type, name + how, name.equals("fma") ? 3 : 2, (a, b, x) -> {
            long result = once(type, name, flushes ? flush(a) : a, flushes ? flush(b) : b, flushes ? flush(x) : x);
            result = flushes ? flush(result) : result;
            double v = value(result, type);
            if (how.contains("relu") && v <= 0) {
                return 0;
            }
            return how.contains("sat") ? v > 1 ? 0x3C00 : v > 0 ? result : 0 : result;
        });
    }

    private static long once(String type, String name, long a, long b, long x) {
        double p = value(a, type);
        double q = value(b, type);
        double r = value(x, type);
        double near = switch (name) {
            case "add" -> p + q;
            case "sub" -> p - q;
            case "mul" -> p * q;
            default -> p * q + r;
        };
        if (Double.isNaN(near)) {
            return 0x7FFF;
        }
        if (Double.isInfinite(near)) {
            return (near < 0 ? 0x8000 : 0) | (type.startsWith("bf") ? 0x7F80 : 0x7C00);
        }
        if (near == 0) {
            return Double.doubleToRawLongBits(near) < 0 ? 0x8000 : 0;
        }
        BigDecimal left = new BigDecimal(p);
        BigDecimal right = new BigDecimal(q);
        BigDecimal exact = switch (name) {
            case "add" -> left.add(right);
            case "sub" -> left.subtract(right);
            case "mul" -> left.multiply(right);
            default -> left.multiply(right).add(new BigDecimal(r));
        };
        long rounded = round(exact, type);
        return exact.signum() == 0 ? 0 : rounded;
    }

    private static void extremes(List<Form> forms, String type) {
        for (String name : List.of("min", "max", "min.NaN", "max.NaN", "min.xorsign.abs", "max.NaN.xorsign.abs")) {
            both(forms, type, name, 2, (a, b, x) -> {
                boolean isXor = name.contains("xorsign");
                long left = isXor ? a & 0x7FFF : a;
                long right = isXor ? b & 0x7FFF : b;
                long result = extreme(name, left, right, type);
                return isXor && result != 0x7FFF ? result | (a ^ b) & 0x8000 : result;
            });
        }
    }

    private static long extreme(String name, long a, long b, String type) {
        boolean aIsNan = Double.isNaN(value(a, type));
        boolean bIsNan = Double.isNaN(value(b, type));
        if (aIsNan && bIsNan || (aIsNan || bIsNan) && name.contains("NaN")) {
            return 0x7FFF;
        }
        if (aIsNan || bIsNan) {
            return aIsNan ? b : a;
        }
        boolean isSmaller = Double.compare(value(a, type), value(b, type)) < 0;
        return name.startsWith("min") == isSmaller ? a : b;
    }
}
