package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;

/** What comparisons say of two values' bits. */
final class Comparisons {
    /** One comparison. */
    interface Test {
        boolean test(long a, long b);
    }

    private Comparisons() {}

    static Test of(PtxInstruction source, PtxType type) {
        for (String word : source.modifiers()) {
            Test test = type.isFloat() ? floats(word, type, source.has("ftz")) : integers(word, type);
            if (test != null) {
                return test;
            }
        }
        throw PtxException.unsupported(source.line(), source.name());
    }

    private static Test integers(String word, PtxType type) {
        return switch (word) {
            case "eq" -> (a, b) -> x(a, type) == x(b, type);
            case "ne" -> (a, b) -> x(a, type) != x(b, type);
            case "lt", "lo" -> (a, b) -> order(a, b, type) < 0;
            case "le", "ls" -> (a, b) -> order(a, b, type) <= 0;
            case "gt", "hi" -> (a, b) -> order(a, b, type) > 0;
            case "ge", "hs" -> (a, b) -> order(a, b, type) >= 0;
            default -> null;
        };
    }

    private static long x(long value, PtxType type) {
        return IntegerFunctions.extend(value, type);
    }

    private static int order(long a, long b, PtxType type) {
        long left = x(a, type);
        long right = x(b, type);
        return type.isSigned() ? Long.compare(left, right) : Long.compareUnsigned(left, right);
    }

    private static double value(long bits, PtxType type, boolean flushes) {
        return switch (type) {
            case F16 -> Floats.half(bits);
            case BF16 -> Floats.bfloat(bits);
            case F64 -> Floats.d(bits);
            default -> flushes ? Floats.flush(Floats.f(bits)) : Floats.f(bits);
        };
    }

    private static Test floats(String word, PtxType type, boolean flushes) {
        return switch (word) {
            case "eq" -> (a, b) -> value(a, type, flushes) == value(b, type, flushes);
            case "ne" -> (a, b) -> value(a, type, flushes) < value(b, type, flushes)
                    || value(a, type, flushes) > value(b, type, flushes);
            case "lt" -> (a, b) -> value(a, type, flushes) < value(b, type, flushes);
            case "le" -> (a, b) -> value(a, type, flushes) <= value(b, type, flushes);
            case "gt" -> (a, b) -> value(a, type, flushes) > value(b, type, flushes);
            case "ge" -> (a, b) -> value(a, type, flushes) >= value(b, type, flushes);
            case "equ" -> (a, b) -> !(value(a, type, flushes) < value(b, type, flushes)
                    || value(a, type, flushes) > value(b, type, flushes));
            case "neu" -> (a, b) -> value(a, type, flushes) != value(b, type, flushes);
            case "ltu" -> (a, b) -> !(value(a, type, flushes) >= value(b, type, flushes));
            case "leu" -> (a, b) -> !(value(a, type, flushes) > value(b, type, flushes));
            case "gtu" -> (a, b) -> !(value(a, type, flushes) <= value(b, type, flushes));
            case "geu" -> (a, b) -> !(value(a, type, flushes) < value(b, type, flushes));
            case "num" -> (a, b) -> !isNan(a, type) && !isNan(b, type);
            case "nan" -> (a, b) -> isNan(a, type) || isNan(b, type);
            default -> null;
        };
    }

    private static boolean isNan(long bits, PtxType type) {
        return Double.isNaN(value(bits, type, false));
    }

    static boolean is(String what, long bits, PtxType type) {
        double value = value(bits, type, false);
        double least = type == PtxType.F64 ? Double.MIN_NORMAL : Float.MIN_NORMAL;
        return switch (what) {
            case "finite" -> Double.isFinite(value);
            case "infinite" -> Double.isInfinite(value);
            case "number" -> !Double.isNaN(value);
            case "notanumber" -> Double.isNaN(value);
            case "normal" -> Double.isFinite(value) && Math.abs(value) >= least;
            default -> value != 0 && Math.abs(value) < least;
        };
    }
}
