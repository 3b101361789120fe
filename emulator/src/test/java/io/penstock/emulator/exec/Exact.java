package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.l;

import java.math.BigDecimal;

/** One float operation in one rounding, found by comparing its neighbours with the exact value. */
record Exact(String operation, String mode, boolean isDouble) {
    /** Bits of the result; operands are values of the type. */
    long of(double a, double b, double c) {
        double nearest = isDouble ? doubled(a, b, c) : single((float) a, (float) b, (float) c);
        boolean isFinite = Double.isFinite(a) && (Double.isFinite(b) || num() < 2) && (Double.isFinite(c) || num() < 3);
        boolean isPole = operation.equals("div") && b == 0 || operation.equals("rcp") && a == 0
                || operation.equals("sqrt") && a <= 0;
        if (Double.isNaN(nearest) || !isFinite || isPole || mode.equals("rn")) {
            return bits(nearest);
        }
        double max = isDouble ? Double.MAX_VALUE : Float.MAX_VALUE;
        double start = Double.isInfinite(nearest) ? Math.copySign(max, nearest) : nearest;
        int sign = side(0, a, b, c);
        if (sign == 0) {
            return bits(mode.equals("rm") && nearest == 0 && cancels(a, b, c) ? -0.0 : nearest);
        }
        double down = start;
        while (side(down, a, b, c) < 0) {
            down = next(down, Double.NEGATIVE_INFINITY);
        }
        double up = start;
        while (side(up, a, b, c) > 0) {
            up = next(up, Double.POSITIVE_INFINITY);
        }
        boolean isDown = mode.equals("rm") || mode.equals("rz") && sign > 0;
        return bits(isDown ? down : up);
    }

    private int num() {
        return switch (operation) {
            case "fma" -> 3;
            case "sqrt", "rcp" -> 1;
            default -> 2;
        };
    }

    private boolean cancels(double a, double b, double c) {
        return switch (operation) {
            case "add" -> sign(a) != sign(b);
            case "sub" -> sign(a) == sign(b);
            case "fma" -> (sign(a) * sign(b)) != sign(c);
            default -> false;
        };
    }

    private static int sign(double value) {
        return Double.doubleToRawLongBits(value) < 0 ? -1 : 1;
    }

    private double next(double value, double towards) {
        return isDouble ? Math.nextAfter(value, towards) : Math.nextAfter((float) value, towards);
    }

    private long bits(double value) {
        return isDouble ? l(value) : i((float) value);
    }

    /** The sign of the exact value less {@code candidate}. */
    private int side(double candidate, double a, double b, double c) {
        if (Double.isInfinite(candidate)) {
            return candidate > 0 ? -1 : 1;
        }
        BigDecimal x = new BigDecimal(a);
        BigDecimal at = new BigDecimal(candidate);
        return switch (operation) {
            case "add" -> x.add(new BigDecimal(b)).compareTo(at);
            case "sub" -> x.subtract(new BigDecimal(b)).compareTo(at);
            case "mul" -> x.multiply(new BigDecimal(b)).compareTo(at);
            case "fma" -> x.multiply(new BigDecimal(b)).add(new BigDecimal(c)).compareTo(at);
            case "div" -> x.subtract(at.multiply(new BigDecimal(b))).signum() * sign(b);
            case "rcp" -> BigDecimal.ONE.subtract(at.multiply(x)).signum() * sign(a);
            default -> candidate < 0 ? 1 : x.compareTo(at.multiply(at));
        };
    }

    private double doubled(double a, double b, double c) {
        return switch (operation) {
            case "add" -> a + b;
            case "sub" -> a - b;
            case "mul" -> a * b;
            case "fma" -> Math.fma(a, b, c);
            case "div" -> a / b;
            case "rcp" -> 1 / a;
            default -> Math.sqrt(a);
        };
    }

    private float single(float a, float b, float c) {
        return switch (operation) {
            case "add" -> a + b;
            case "sub" -> a - b;
            case "mul" -> a * b;
            case "fma" -> Math.fma(a, b, c);
            case "div" -> a / b;
            case "rcp" -> 1 / a;
            default -> (float) Math.sqrt(a);
        };
    }
}
