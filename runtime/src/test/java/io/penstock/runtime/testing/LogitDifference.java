package io.penstock.runtime.testing;

/** How two sets of logits differ over the rows that are added. */
public final class LogitDifference {
    private double sum;
    private double max;
    private double klSum;
    private double klMax;
    private int numTop1;
    private int rows;
    private int values;

    /** Adds one row. */
    public void add(float[] expected, float[] actual) {
        for (int i = 0; i < expected.length; i++) {
            double d = Math.abs(expected[i] - actual[i]);
            sum += d;
            max = Math.max(max, d);
        }
        values += expected.length;
        double kl = kl(expected, actual);
        klSum += kl;
        klMax = Math.max(klMax, kl);
        numTop1 += argmax(expected) == argmax(actual) ? 1 : 0;
        rows++;
    }

    public int rows() {
        return rows;
    }

    /** Mean absolute difference of a logit. */
    public double mean() {
        return sum / values;
    }

    /** Largest absolute difference of a logit. */
    public double max() {
        return max;
    }

    /** Mean over the rows of the divergence of the actual distribution from the expected one. */
    public double klMean() {
        return klSum / rows;
    }

    /** Rows in a hundred whose largest logit is the same token's. */
    public double top1Percent() {
        return 100.0 * numTop1 / rows;
    }

    private static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private static double kl(float[] p, float[] q) {
        double logP = logSumExp(p);
        double logQ = logSumExp(q);
        double kl = 0;
        for (int i = 0; i < p.length; i++) {
            kl += Math.exp(p[i] - logP) * ((p[i] - logP) - (q[i] - logQ));
        }
        return kl;
    }

    private static double logSumExp(float[] x) {
        double sum = 0;
        for (float value : x) {
            sum += Math.exp(value);
        }
        return Math.log(sum);
    }

    @Override
    public String toString() {
        return "mean " + mean() + ", max " + max + ", KL mean " + klMean() + ", KL max " + klMax + ", top-1 "
                + top1Percent() + " % of " + rows;
    }
}
