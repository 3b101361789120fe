package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;

/** What float instructions compute, on bits. */
final class FloatFunctions {
    /** Of values in float32. */
    private interface OfFloat {
        float apply(float a, float b, float c);
    }

    private interface OfDouble {
        double apply(double a, double b, double c);
    }

    private FloatFunctions() {}

    /** The function, or null if there is none. */
    static AluLong.Function of(PtxInstruction source, PtxType type) {
        return switch (type) {
            case F32 -> single(source);
            case F64 -> doubled(source);
            case F16, BF16 -> shorts(source, type == PtxType.BF16);
            case F16X2, BF16X2 -> {
                AluLong.Function one = shorts(source, type == PtxType.BF16X2);
                yield one == null ? null : (a, b, c) -> one.apply(a & 0xFFFF, b & 0xFFFF, c & 0xFFFF)
                        | one.apply(a >>> 16 & 0xFFFF, b >>> 16 & 0xFFFF, c >>> 16 & 0xFFFF) << 16;
            }
            default -> null;
        };
    }

    private static AluLong.Function single(PtxInstruction source) {
        OfFloat f = ofFloat(source);
        if (f == null) {
            return null;
        }
        boolean saturates = source.has("sat");
        if (source.has("ftz")) {
            return (a, b, c) -> {
                float value = f.apply(Floats.flush(Floats.f(a)), Floats.flush(Floats.f(b)), Floats.flush(Floats.f(c)));
                value = Floats.flush(value);
                return Floats.bits(saturates ? Floats.saturate(value) : value);
            };
        }
        return saturates ? (a, b, c) -> Floats.bits(Floats.saturate(f.apply(Floats.f(a), Floats.f(b), Floats.f(c))))
                : (a, b, c) -> Floats.bits(f.apply(Floats.f(a), Floats.f(b), Floats.f(c)));
    }

    /** The fast form of what nvcc writes most, or null. */
    static Alu32.Function fast(PtxInstruction source, PtxType type) {
        if (type != PtxType.F32 || source.has("ftz") || source.has("sat")
                || Rounding.of(source.modifiers()) != Rounding.NEAREST) {
            return null;
        }
        return switch (source.opcode()) {
            case "add" -> (a, b, c) -> (int) Floats.bits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b));
            case "sub" -> (a, b, c) -> (int) Floats.bits(Float.intBitsToFloat(a) - Float.intBitsToFloat(b));
            case "mul" -> (a, b, c) -> (int) Floats.bits(Float.intBitsToFloat(a) * Float.intBitsToFloat(b));
            case "fma", "mad" -> (a, b, c) -> (int) Floats.bits(
                    Math.fma(Float.intBitsToFloat(a), Float.intBitsToFloat(b), Float.intBitsToFloat(c)));
            default -> null;
        };
    }

    private static OfFloat ofFloat(PtxInstruction source) {
        Rounding rounding = Rounding.of(source.modifiers());
        boolean keepsNan = source.has("NaN");
        return switch (source.opcode()) {
            case "add" -> (a, b, c) -> Floats.add(a, b, rounding);
            case "sub" -> (a, b, c) -> Floats.add(a, -b, rounding);
            case "mul" -> (a, b, c) -> Floats.multiply(a, b, rounding);
            case "fma", "mad" -> (a, b, c) -> Floats.fma(a, b, c, rounding);
            case "div" -> source.has("approx") ? FloatFunctions::fastDivide
                    : (a, b, c) -> Floats.divide(a, b, rounding);
            case "rcp" -> (a, b, c) -> Floats.divide(1f, a, rounding);
            case "sqrt" -> (a, b, c) -> Floats.squareRoot(a, rounding);
            case "rsqrt" -> (a, b, c) -> (float) (1 / Math.sqrt(a));
            case "abs" -> (a, b, c) -> Math.abs(a);
            case "neg" -> (a, b, c) -> -a;
            case "min" -> source.has("xorsign")
                    ? (a, b, c) -> xorSign(a, b, Floats.min(Math.abs(a), Math.abs(b), keepsNan))
                    : (a, b, c) -> Floats.min(a, b, keepsNan);
            case "max" -> source.has("xorsign")
                    ? (a, b, c) -> xorSign(a, b, Floats.max(Math.abs(a), Math.abs(b), keepsNan))
                    : (a, b, c) -> Floats.max(a, b, keepsNan);
            case "ex2" -> (a, b, c) -> (float) Math.pow(2, a);
            case "lg2" -> (a, b, c) -> (float) (Math.log(a) / Math.log(2));
            case "sin" -> (a, b, c) -> (float) Math.sin(a);
            case "cos" -> (a, b, c) -> (float) Math.cos(a);
            case "tanh" -> (a, b, c) -> (float) Math.tanh(a);
            default -> null;
        };
    }

    private static float xorSign(float a, float b, float magnitude) {
        boolean isNegative = Float.floatToRawIntBits(a) < 0 != Float.floatToRawIntBits(b) < 0;
        return isNegative ? -magnitude : magnitude;
    }

    /** Divisors beyond 2^126 give 0, as the instruction's definition says. */
    private static float fastDivide(float a, float b, float unused) {
        if (Math.abs(b) > 0x1p126f && Math.abs(b) <= Float.MAX_VALUE) {
            return Float.isInfinite(a) ? Float.NaN : 0f * a * b;
        }
        return a / b;
    }

    private static AluLong.Function doubled(PtxInstruction source) {
        OfDouble f = ofDouble(source);
        return f == null ? null
                : (a, b, c) -> Floats.bits(f.apply(Floats.d(a), Floats.d(b), Floats.d(c)));
    }

    private static OfDouble ofDouble(PtxInstruction source) {
        Rounding rounding = Rounding.of(source.modifiers());
        boolean isRough = source.has("approx") && source.has("ftz");
        return switch (source.opcode()) {
            case "add" -> (a, b, c) -> Floats.add(a, b, rounding);
            case "sub" -> (a, b, c) -> Floats.add(a, -b, rounding);
            case "mul" -> (a, b, c) -> Floats.multiply(a, b, rounding);
            case "fma", "mad" -> (a, b, c) -> Floats.fma(a, b, c, rounding);
            case "div" -> (a, b, c) -> Floats.divide(a, b, rounding);
            case "rcp" -> isRough ? (a, b, c) -> rough(1 / flushed(a)) : (a, b, c) -> Floats.divide(1, a, rounding);
            case "sqrt" -> (a, b, c) -> Floats.squareRoot(a, rounding);
            case "rsqrt" -> isRough ? (a, b, c) -> rough(1 / Math.sqrt(flushed(a))) : (a, b, c) -> 1 / Math.sqrt(a);
            case "abs" -> (a, b, c) -> Math.abs(a);
            case "neg" -> (a, b, c) -> -a;
            case "min" -> (a, b, c) -> Floats.min(a, b);
            case "max" -> (a, b, c) -> Floats.max(a, b);
            default -> null;
        };
    }

    /** Only the upper 32 bits of an approximation in double precision are given. */
    private static double rough(double value) {
        return Double.isNaN(value) ? value
                : Double.longBitsToDouble(Double.doubleToRawLongBits(flushed(value)) & 0xFFFF_FFFF_0000_0000L);
    }

    private static double flushed(double value) {
        return Math.abs(value) < Double.MIN_NORMAL ? Math.copySign(0.0, value) : value;
    }

    /** A double holds products of 16-bit floats, and sums of them rounded to odd, so that they are rounded once. */
    private static AluLong.Function shorts(PtxInstruction source, boolean isBfloat) {
        boolean relu = source.has("relu");
        boolean saturates = source.has("sat");
        boolean flushes = source.has("ftz");
        switch (source.opcode()) {
            case "abs" -> {
                return (a, b, c) -> a & 0x7FFF;
            }
            case "neg" -> {
                return (a, b, c) -> a & 0xFFFF ^ 0x8000;
            }
            default -> {
                // Computed below.
            }
        }
        OfDouble f = switch (source.opcode()) {
            case "min", "max", "ex2", "tanh" -> {
                OfFloat single = ofFloat(source);
                yield (a, b, c) -> single.apply((float) a, (float) b, (float) c);
            }
            case "add" -> (a, b, c) -> Floats.oddSum(a, b);
            case "sub" -> (a, b, c) -> Floats.oddSum(a, -b);
            case "mul" -> (a, b, c) -> a * b;
            case "fma" -> (a, b, c) -> Floats.oddSum(a * b, c);
            default -> null;
        };
        if (f == null) {
            return null;
        }
        return (a, b, c) -> {
            double value = f.apply(shortValue(a, isBfloat, flushes), shortValue(b, isBfloat, flushes),
                    shortValue(c, isBfloat, flushes));
            if (relu && !(value > 0) && value == value) {
                value = 0;
            }
            if (saturates) {
                value = value > 0 ? Math.min(value, 1) : 0;
            }
            long bits = isBfloat ? Floats.toBfloat(value, Rounding.NEAREST) : Floats.toHalf(value, Rounding.NEAREST);
            return flushes ? flush(bits, isBfloat) : bits;
        };
    }

    private static double shortValue(long bits, boolean isBfloat, boolean flushes) {
        long kept = flushes ? flush(bits, isBfloat) : bits;
        return isBfloat ? Floats.bfloat(kept) : Floats.half(kept);
    }

    private static long flush(long bits, boolean isBfloat) {
        return (bits & (isBfloat ? 0x7F80 : 0x7C00)) == 0 ? bits & 0x8000 : bits;
    }
}
