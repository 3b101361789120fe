package io.penstock.emulator.exec;

import java.math.BigDecimal;
import java.util.List;

/** Rounding of exact values to floats, in the four directions of IEEE 754. */
enum Rounding {
    NEAREST,
    ZERO,
    DOWN,
    UP;

    static Rounding of(List<String> modifiers) {
        for (String word : modifiers) {
            switch (word) {
                case "rz" -> {
                    return ZERO;
                }
                case "rm" -> {
                    return DOWN;
                }
                case "rp" -> {
                    return UP;
                }
                default -> {
                    // Says something else.
                }
            }
        }
        return NEAREST;
    }

    /** Rounds {@code value + error}; the error is less than half a unit of the value's last place. */
    float toFloat(double value, double error) {
        if (this == NEAREST) {
            float nearest = (float) value;
            return error == 0 ? nearest : tie(value, error, nearest);
        }
        float rounded = (float) value;
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return rounded;
        }
        double above = Float.isInfinite(rounded) ? rounded : (double) rounded - value;
        int side = above != 0 ? (above > 0 ? 1 : -1) : (error < 0 ? 1 : error > 0 ? -1 : 0);
        return directed(rounded, side, value + error > 0 || value > 0);
    }

    private float directed(float rounded, int side, boolean isPositive) {
        boolean down = this == DOWN || this == ZERO && isPositive;
        if (side > 0 && down) {
            return Math.nextDown(rounded);
        }
        return side < 0 && !down ? Math.nextUp(rounded) : rounded;
    }

    /** A value exactly between two floats is not, if there is an error. */
    private static float tie(double value, double error, float nearest) {
        double distance = value - nearest;
        if (distance == 0 || Float.isInfinite(nearest)) {
            return nearest;
        }
        float other = distance > 0 ? Math.nextUp(nearest) : Math.nextDown(nearest);
        boolean isTie = Math.abs(distance) == Math.abs((double) other - value);
        return isTie && error > 0 == distance > 0 ? other : nearest;
    }

    /** Rounds an exact value to a double; {@code nearest} is what rounding to the nearest gives. */
    double toDouble(BigDecimal exact, double nearest) {
        if (this == NEAREST || Double.isNaN(nearest)) {
            return nearest;
        }
        int side = Double.isInfinite(nearest) ? (nearest > 0 ? 1 : -1) : new BigDecimal(nearest).compareTo(exact);
        boolean down = this == DOWN || this == ZERO && exact.signum() > 0;
        if (side > 0 && down) {
            return Math.nextDown(nearest);
        }
        return side < 0 && !down ? Math.nextUp(nearest) : nearest;
    }

    /** Rounds a double to a float of fewer bits, given as those of a float32 with zeros below. */
    float toShort(double value, int mantissaBits, int minExponent) {
        if (Double.isNaN(value) || Double.isInfinite(value) || value == 0) {
            return (float) value;
        }
        int exponent = Math.max(Math.getExponent(value), minExponent);
        double unit = Math.scalb(1.0, exponent - mantissaBits);
        double units = value / unit;
        double whole = switch (this) {
            case NEAREST -> Math.rint(units);
            case ZERO -> units < 0 ? Math.ceil(units) : Math.floor(units);
            case DOWN -> Math.floor(units);
            case UP -> Math.ceil(units);
        };
        return (float) Math.copySign(whole * unit, value);
    }
}
