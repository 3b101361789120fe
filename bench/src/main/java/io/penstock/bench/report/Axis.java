package io.penstock.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * One direction of a plot, from the least to the most that it shows.
 *
 * @param names of whole numbers from 0 on, shown in place of them; empty for numbers
 */
record Axis(String label, boolean isLog, double min, double max, List<String> names) {
    private static final int NUM_TICKS = 5;

    Axis {
        names = List.copyOf(names);
        if (!(min < max) || isLog && min <= 0) {
            throw new IllegalArgumentException(label + " from " + min + " to " + max);
        }
    }

    /** Wide enough for all values; a linear one begins at 0. */
    static Axis around(String label, boolean isLog, DoubleStream values) {
        double[] all = values.filter(value -> !isLog || value > 0).sorted().toArray();
        double least = all.length == 0 ? 1 : all[0];
        double most = all.length == 0 ? 10 : all[all.length - 1];
        if (isLog) {
            double from = least / 1.25;
            return new Axis(label, true, from, Math.max(most * 1.25, from * 4), List.of());
        }
        return new Axis(label, false, Math.min(0, least), most <= 0 ? 1 : most * 1.05, List.of());
    }

    static Axis named(String label, List<String> names) {
        return new Axis(label, false, -0.5, Math.max(1, names.size()) - 0.5, names);
    }

    /** Where {@code value} is, 0 to 1. */
    double share(double value) {
        return isLog ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
    }

    /** Round values in between. */
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        if (!names.isEmpty()) {
            for (int i = 0; i < names.size(); i++) {
                ticks.add((double) i);
            }
        } else if (isLog) {
            logTicks(ticks);
        } else {
            double step = niceStep((max - min) / NUM_TICKS);
            for (double tick = Math.ceil(min / step) * step; tick <= max * (1 + 1e-12); tick += step) {
                ticks.add(tick);
            }
        }
        return ticks;
    }

    private void logTicks(List<Double> ticks) {
        double decades = Math.log10(max / min);
        for (double power = Math.pow(10, Math.floor(Math.log10(min))); power <= max; power *= 10) {
            for (double part : decades > 3 ? new double[] {1} : new double[] {1, 2, 5}) {
                if (power * part >= min && power * part <= max) {
                    ticks.add(power * part);
                }
            }
        }
    }

    private static double niceStep(double rough) {
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double part = rough / power;
        return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
    }

    String name(double tick) {
        return names.isEmpty() ? Figures.tick(tick) : names.get((int) tick);
    }
}
