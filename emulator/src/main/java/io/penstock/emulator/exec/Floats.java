package io.penstock.emulator.exec;

import java.math.BigDecimal;

/** Arithmetic on the bits of floats, with the rounding, flushing and saturation that PTX can ask for. */
final class Floats {
    static final int NAN = 0x7FFF_FFFF;
    static final int NAN_HALF = 0x7FFF;

    private Floats() {}

    static float f(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    static double d(long bits) {
        return Double.longBitsToDouble(bits);
    }

    static long bits(float value) {
        return value != value ? NAN : Float.floatToRawIntBits(value) & 0xFFFF_FFFFL;
    }

    static long bits(double value) {
        return value != value ? 0x7FFF_FFFF_FFFF_FFFFL : Double.doubleToRawLongBits(value);
    }

    static float flush(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
    }

    static float saturate(float value) {
        return value > 0 ? Math.min(value, 1f) : 0f;
    }

    static float half(long bits) {
        return Float.float16ToFloat((short) bits);
    }

    static long toHalf(float value) {
        return value != value ? NAN_HALF : Float.floatToFloat16(value) & 0xFFFF;
    }

    static float bfloat(long bits) {
        return Float.intBitsToFloat((int) bits << 16);
    }

    static long toBfloat(float value) {
        if (value != value) {
            return NAN_HALF;
        }
        int bits = Float.floatToRawIntBits(value);
        return bits + 0x7FFF + (bits >>> 16 & 1) >>> 16 & 0xFFFF;
    }

    /** Rounds a double once to float16. */
    static long toHalf(double value, Rounding rounding) {
        float rounded = rounding.toShort(value, 10, -14);
        if (Math.abs(rounded) > 65504f && !Double.isInfinite(value)) {
            boolean toInfinity = rounding == Rounding.NEAREST || rounding == Rounding.UP && value > 0
                    || rounding == Rounding.DOWN && value < 0;
            rounded = toInfinity ? rounded : Math.copySign(65504f, rounded);
        }
        return toHalf(rounded);
    }

    /** Rounds a double once to bfloat16. */
    static long toBfloat(double value, Rounding rounding) {
        if (Double.isNaN(value)) {
            return NAN_HALF;
        }
        float rounded = rounding.toShort(value, 7, -126);
        if (Float.isInfinite(rounded) && !Double.isInfinite(value) && rounding == Rounding.ZERO) {
            rounded = Math.copySign(Float.intBitsToFloat(0x7F7F_0000), rounded);
        }
        return Float.floatToRawIntBits(rounded) >>> 16;
    }

    static float add(float a, float b, Rounding rounding) {
        return rounding == Rounding.NEAREST ? a + b : sum(a, b, rounding);
    }

    static float multiply(float a, float b, Rounding rounding) {
        return rounding == Rounding.NEAREST ? a * b : rounding.toFloat((double) a * b, 0);
    }

    static float fma(float a, float b, float c, Rounding rounding) {
        return rounding == Rounding.NEAREST ? Math.fma(a, b, c) : sum((double) a * b, c, rounding);
    }

    private static float sum(double a, double b, Rounding rounding) {
        double sum = a + b;
        if (Double.isNaN(sum) || Double.isInfinite(sum)) {
            return (float) sum;
        }
        double part = sum - a;
        double error = a - (sum - part) + (b - part);
        if (sum == 0 && error == 0 && rounding == Rounding.DOWN && (a != 0 || b != 0 || Double.compare(a, b) != 0)) {
            return -0f;
        }
        return rounding.toFloat(sum, error);
    }

    /** A sum whose last bit is odd if it is not exact: rounding it to fewer bits is rounding the exact sum. */
    static double oddSum(double a, double b) {
        double sum = a + b;
        double part = sum - a;
        double error = a - (sum - part) + (b - part);
        if (!(Math.abs(error) > 0) || (Double.doubleToRawLongBits(sum) & 1) != 0) {
            return sum;
        }
        return error > 0 ? Math.nextUp(sum) : Math.nextDown(sum);
    }

    static float divide(float a, float b, Rounding rounding) {
        float quotient = a / b;
        if (rounding == Rounding.NEAREST || !isFinite(a) || !isFinite(b) || b == 0) {
            return quotient;
        }
        double wide = (double) a / b;
        return rounding.toFloat(wide, -Math.fma(wide, b, -(double) a) / b);
    }

    static float squareRoot(float a, Rounding rounding) {
        double root = Math.sqrt(a);
        if (rounding == Rounding.NEAREST || !(a > 0) || Float.isInfinite(a)) {
            return (float) root;
        }
        return rounding.toFloat(root, -Math.fma(root, root, -(double) a));
    }

    private static boolean isFinite(double value) {
        return Math.abs(value) <= Double.MAX_VALUE;
    }

    static double add(double a, double b, Rounding rounding) {
        double sum = a + b;
        if (rounding == Rounding.NEAREST || !isFinite(a) || !isFinite(b)) {
            return sum;
        }
        return sum == 0 ? zero(a, b, sum, rounding) : rounding.toDouble(new BigDecimal(a).add(new BigDecimal(b)), sum);
    }

    /** A sum of nothing: downwards it is negative, unless both are positive zeros. */
    private static double zero(double a, double b, double sum, Rounding rounding) {
        return rounding == Rounding.DOWN && (Math.copySign(1, a) < 0 || Math.copySign(1, b) < 0) ? -0.0 : sum;
    }

    static double multiply(double a, double b, Rounding rounding) {
        double product = a * b;
        if (rounding == Rounding.NEAREST || !isFinite(a) || !isFinite(b)) {
            return product;
        }
        return rounding.toDouble(new BigDecimal(a).multiply(new BigDecimal(b)), product);
    }

    static double fma(double a, double b, double c, Rounding rounding) {
        double result = Math.fma(a, b, c);
        if (rounding == Rounding.NEAREST || !isFinite(a) || !isFinite(b) || !isFinite(c)) {
            return result;
        }
        BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
        if (exact.signum() == 0) {
            return zero(Math.copySign(1, a) * Math.copySign(1, b), c, result, rounding);
        }
        return rounding.toDouble(exact, result);
    }

    static double divide(double a, double b, Rounding rounding) {
        double quotient = a / b;
        if (rounding == Rounding.NEAREST || !isFinite(a) || !isFinite(b) || b == 0) {
            return quotient;
        }
        boolean isPositive = a > 0 == b > 0;
        if (!isFinite(quotient)) {
            return nudge(quotient, isPositive ? -1 : 1, isPositive, rounding);
        }
        BigDecimal residue = new BigDecimal(a).subtract(new BigDecimal(quotient).multiply(new BigDecimal(b)));
        return nudge(quotient, residue.signum() * (b > 0 ? 1 : -1), isPositive, rounding);
    }

    static double squareRoot(double a, Rounding rounding) {
        double root = Math.sqrt(a);
        if (rounding == Rounding.NEAREST || !(a > 0) || Double.isInfinite(a)) {
            return root;
        }
        return nudge(root, new BigDecimal(a).subtract(new BigDecimal(root).pow(2)).signum(), true, rounding);
    }

    /** @param side whether the exact value is above, below, or the nearest itself */
    private static double nudge(double nearest, int side, boolean isPositive, Rounding rounding) {
        boolean down = rounding == Rounding.DOWN || rounding == Rounding.ZERO && isPositive;
        if (side < 0 && down) {
            return Math.nextDown(nearest);
        }
        return side > 0 && !down ? Math.nextUp(nearest) : nearest;
    }

    /** The smaller; a number rather than NaN, unless that is to be kept; -0 is smaller than 0. */
    static float min(float a, float b, boolean keepsNan) {
        if (a != a || b != b) {
            return keepsNan ? Float.NaN : a != a ? b : a;
        }
        return Math.min(a, b);
    }

    static float max(float a, float b, boolean keepsNan) {
        if (a != a || b != b) {
            return keepsNan ? Float.NaN : a != a ? b : a;
        }
        return Math.max(a, b);
    }

    static double min(double a, double b) {
        return a != a ? b : b != b ? a : Math.min(a, b);
    }

    static double max(double a, double b) {
        return a != a ? b : b != b ? a : Math.max(a, b);
    }
}
