package io.penstock.bench.loadgen.run;

import java.util.SplittableRandom;

/**
 * When requests arrive at a given rate: independently of how the server fares.
 *
 * @param ratePerSecond infinite for all at once
 * @param burstiness shape of the gamma distribution of the times between; 1 is a Poisson process, less is in bursts,
 *     infinite is regular
 * @param ramp null for the same rate throughout
 */
public record Arrivals(double ratePerSecond, double burstiness, Ramp ramp) {
    /** All at once. */
    public static final Arrivals AT_ONCE = new Arrivals(Double.POSITIVE_INFINITY, 1, null);

    private static final double NS_PER_SECOND = 1e9;

    /** A rate that grows from the first request to the last. */
    public record Ramp(boolean isExponential, double startPerSecond, double endPerSecond) {
        double rate(double progress) {
            return isExponential ? startPerSecond * Math.pow(endPerSecond / startPerSecond, progress)
                    : startPerSecond + (endPerSecond - startPerSecond) * progress;
        }
    }

    public Arrivals {
        if (!(ratePerSecond > 0) || !(burstiness > 0)) {
            throw new IllegalArgumentException("rate " + ratePerSecond + " and burstiness " + burstiness
                    + " must be above 0");
        }
    }

    public boolean isAtOnce() {
        return ramp == null && Double.isInfinite(ratePerSecond);
    }

    /**
     * The times, from the start, ascending. Without a ramp the last is at number / rate: chance says when, not how
     * many a second.
     */
    public long[] offsetsNs(int number, long seed) {
        long[] offsets = new long[number];
        if (isAtOnce()) {
            return offsets;
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] seconds = new double[number];
        double sum = 0;
        for (int i = 0; i < number; i++) {
            double rate = ramp == null ? ratePerSecond : ramp.rate(number == 1 ? 0 : (double) i / (number - 1));
            sum += Double.isInfinite(burstiness) ? 1 / rate : gamma(random, burstiness) / (rate * burstiness);
            seconds[i] = sum;
        }
        double scale = ramp == null ? number / ratePerSecond / sum : 1;
        for (int i = 0; i < number; i++) {
            offsets[i] = (long) (seconds[i] * scale * NS_PER_SECOND);
        }
        return offsets;
    }

    /** Of scale 1; Marsaglia and Tsang, A simple method for generating gamma variables, 2000. */
    private static double gamma(SplittableRandom random, double shape) {
        if (shape < 1) {
            return gamma(random, shape + 1) * Math.pow(1 - random.nextDouble(), 1 / shape);
        }
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = random.nextGaussian();
            double v = Math.pow(1 + c * x, 3);
            double u = 1 - random.nextDouble();
            if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
                return d * v;
            }
        }
    }
}
