package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;
import java.math.BigDecimal;
import java.math.BigInteger;

/** What cvt computes, on bits. */
final class Conversions {
    private Conversions() {}

    /** How bits become a value of double, exactly. */
    private interface Reader {
        double of(long bits);
    }

    static AluLong.Function of(PtxInstruction source, PtxType to, PtxType from) {
        if (!to.isFloat() && !from.isFloat()) {
            boolean saturates = source.has("sat");
            return (a, b, c) -> {
                long value = IntegerFunctions.extend(a, from);
                return IntegerFunctions.extend(saturates ? clamp(value, to, from) : value, to);
            };
        }
        if (!to.isFloat()) {
            return toInteger(source, to, from);
        }
        return from.isFloat() ? toFloat(source, to, from) : fromInteger(source, to, from);
    }

    private static long clamp(long value, PtxType to, PtxType from) {
        boolean isHuge = from == PtxType.U64 && value < 0;
        int bits = to.bits();
        if (to.isSigned()) {
            long max = Long.MAX_VALUE >>> 64 - bits;
            return isHuge ? max : Math.clamp(value, -max - 1, max);
        }
        long max = bits == 64 ? Long.MAX_VALUE : (1L << bits) - 1;
        if (isHuge) {
            return bits == 64 ? value : max;
        }
        return Math.clamp(value, 0, max);
    }

    private static Reader reader(PtxInstruction source, PtxType from) {
        boolean flushes = source.has("ftz");
        return switch (from) {
            case F16 -> Floats::half;
            case BF16 -> Floats::bfloat;
            case F32, TF32 -> flushes ? bits -> Floats.flush(Floats.f(bits)) : Floats::f;
            case F64 -> Floats::d;
            default -> throw PtxException.unsupported(source.line(), source.name());
        };
    }

    private static double integral(double value, Rounding rounding) {
        return switch (rounding) {
            case NEAREST -> Math.rint(value);
            case ZERO -> value < 0 ? Math.ceil(value) : Math.floor(value);
            case DOWN -> Math.floor(value);
            case UP -> Math.ceil(value);
        };
    }

    /** The rounding to whole numbers that the modifiers ask for, or null. */
    private static Rounding whole(PtxInstruction source) {
        return source.has("rni") ? Rounding.NEAREST : source.has("rzi") ? Rounding.ZERO
                : source.has("rmi") ? Rounding.DOWN : source.has("rpi") ? Rounding.UP : null;
    }

    private static AluLong.Function toInteger(PtxInstruction source, PtxType to, PtxType from) {
        Reader reader = reader(source, from);
        Rounding asked = whole(source);
        Rounding rounding = asked == null ? Rounding.ZERO : asked;
        int bits = to.bits();
        return (a, b, c) -> {
            double value = reader.of(a);
            if (value != value) {
                return from == PtxType.F64 || bits == 64 ? IntegerFunctions.extend(1L << bits - 1, to) : 0;
            }
            double rounded = integral(value, rounding);
            if (to.isSigned()) {
                long max = Long.MAX_VALUE >>> 64 - bits;
                return IntegerFunctions.extend(Math.clamp((long) rounded, -max - 1, max), to);
            }
            if (rounded <= 0) {
                return 0;
            }
            if (bits < 64) {
                return Math.min((long) rounded, (1L << bits) - 1);
            }
            return rounded >= 0x1p64 ? -1 : rounded >= 0x1p63 ? (long) (rounded - 0x1p63) ^ Long.MIN_VALUE
                    : (long) rounded;
        };
    }

    private static AluLong.Function fromInteger(PtxInstruction source, PtxType to, PtxType from) {
        Rounding rounding = Rounding.of(source.modifiers());
        return (a, b, c) -> {
            long value = IntegerFunctions.extend(a, from);
            boolean isSmall = Math.abs(value) <= 1L << 53 && (from != PtxType.U64 || value >= 0);
            if (isSmall) {
                return write(to, value, rounding);
            }
            BigDecimal exact = from == PtxType.U64 ? new BigDecimal(new BigInteger(Long.toUnsignedString(value)))
                    : BigDecimal.valueOf(value);
            double near = rounding.toDouble(exact, exact.doubleValue());
            if (to == PtxType.F64) {
                return Floats.bits(near);
            }
            double error = exact.subtract(new BigDecimal(exact.doubleValue())).doubleValue();
            return to == PtxType.F32 ? Floats.bits(rounding.toFloat(exact.doubleValue(), error))
                    : write(to, Floats.oddSum(exact.doubleValue(), error), rounding);
        };
    }

    private static AluLong.Function toFloat(PtxInstruction source, PtxType to, PtxType from) {
        Reader reader = reader(source, from);
        Rounding whole = whole(source);
        Rounding rounding = Rounding.of(source.modifiers());
        boolean flushes = source.has("ftz");
        boolean saturates = source.has("sat");
        boolean relu = source.has("relu");
        boolean tiesAway = source.has("rna");
        return (a, b, c) -> {
            double value = reader.of(a);
            if (whole != null) {
                value = integral(value, whole);
            }
            if (saturates) {
                value = value > 0 ? Math.min(value, 1) : 0;
            }
            if (relu && value < 0) {
                value = 0;
            }
            if (to == PtxType.TF32) {
                return tf32((float) value, tiesAway);
            }
            long bits = write(to, value, rounding);
            return flushes && to == PtxType.F32 ? Floats.bits(Floats.flush(Floats.f(bits))) : bits;
        };
    }

    /** 10 bits of mantissa, ties away from zero or to even. */
    static long tf32(float value, boolean tiesAway) {
        if (value != value) {
            return Floats.NAN;
        }
        int bits = Float.floatToRawIntBits(value);
        if (Float.isInfinite(value)) {
            return bits & 0xFFFF_FFFFL;
        }
        int up = tiesAway ? 0x1000 : 0xFFF + (bits >>> 13 & 1);
        return bits + up & 0xFFFF_E000L;
    }

    private static long write(PtxType to, double value, Rounding rounding) {
        return switch (to) {
            case F64 -> Floats.bits(value);
            case F32 -> Floats.bits(rounding.toFloat(value, 0));
            case F16 -> Floats.toHalf(value, rounding);
            case BF16 -> Floats.toBfloat(value, rounding);
            default -> throw new IllegalStateException(to.word());
        };
    }

    /** Two float32 to a pair of 16-bit floats, the first in the upper half. */
    static AluLong.Function packed(PtxInstruction source, PtxType to) {
        PtxType half = to == PtxType.F16X2 ? PtxType.F16 : PtxType.BF16;
        AluLong.Function one = toFloat(source, half, PtxType.F32);
        return (a, b, c) -> one.apply(a, 0, 0) << 16 | one.apply(b, 0, 0);
    }
}
