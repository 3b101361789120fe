package io.penstock.runtime.check;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Routed;
import io.penstock.runtime.check.OperationBackend.Router;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The router behind a norm: its choice, its weights, and the pairs by expert. */
final class RoutingCases {
    private static final String NAME = "add_rms_norm_route_top_k";

    /** Tokens, columns, experts, experts of a token. */
    private static final int[][] SIZES = {{1, 8, 8, 1}, {3, 72, 8, 8}, {9, 264, 16, 3}, {67, 1000, 24, 4},
        {16, 2048, 32, 4}, {70, 136, 40, 5}, {130, 40, 64, 8}, {1100, 8, 32, 4}, {2051, 16, 8, 2}};

    private RoutingCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int i = 0; i < SIZES.length; i++) {
            int[] size = SIZES[i];
            RouterRule rule = new RouterRule(size[2], size[3], i % 3 != 1, i % 4 == 2 ? 1.5 : 1);
            boolean hasBias = i % 2 == 0;
            all.add(OperationCase.small(NAME, sizes(size), trial -> check(trial, size[0], size[1], rule, hasBias)));
        }
        all.add(OperationCase.small(NAME, "ties, saturation and tiny scores", RoutingCases::edges));
        all.add(OperationCase.small(NAME, "the same bits in any batch", RoutingCases::sameBitsInAnyBatch));
        RouterRule large = new RouterRule(32, 4, true, 1);
        all.add(OperationCase.large(NAME, "4100 x 2048, 4 of 32", trial -> check(trial, 4100, 2048, large, true)));
        return all;
    }

    private static String sizes(int[] size) {
        return size[0] + " x " + size[1] + ", " + size[3] + " of " + size[2];
    }

    private static ModelLimits limits(int numTokens) {
        return Samples.limits(1, Math.max(8, numTokens));
    }

    /** Random inputs; scores near one another are chosen in any order, so a token may be near a tie. */
    private static void check(Trial trial, int numTokens, int columns, RouterRule rule, boolean hasBias) {
        Samples samples = trial.samples();
        float[] residual = samples.normal(numTokens * columns, 3);
        float[] update = samples.normal(numTokens * columns, 1);
        float[] weight = samples.normal(columns, 1);
        float[] gate = samples.normal(rule.numExperts() * columns, 2 / Math.sqrt(columns));
        float[] bias = hasBias ? samples.normalFloat32(rule.numExperts(), 0.2) : null;
        Router router = new Router(gate, bias, rule);
        ModelConfig config = Samples.config(columns, rule);
        try (OperationBackend backend = trial.open(config, limits(numTokens));
                OperationBackend twin = trial.twin(config, limits(numTokens))) {
            Routed actual = backend.addRmsNormRouteTopK(residual, update, weight, router);
            float[][] norm = backend.addRmsNorm(residual, update, weight);
            trial.closeness().requireSame("residual", columns, norm[0], actual.residual());
            trial.closeness().requireSame("norm", columns, norm[1], actual.out());
            requireChoice(trial.closeness(), actual, router, columns);
            requireGroups(actual, numTokens);
            requireTwin(trial.closeness(), twin, actual, residual, update, weight, router);
        }
    }

    /** Where the twin has the same norm, it makes the same choice, but for near ties. */
    private static void requireTwin(Closeness closeness, OperationBackend twin, Routed actual, float[] residual,
            float[] update, float[] weight, Router router) {
        Routed expected = twin.addRmsNormRouteTopK(residual, update, weight, router);
        closeness.requireTwin("norm", weight.length, expected.out(), actual.out());
        int[] ids = actual.choice().expertIds();
        int numDifferent = 0;
        for (int p = 0; p < ids.length; p++) {
            numDifferent += ids[p] == expected.choice().expertIds()[p] ? 0 : 1;
        }
        if (numDifferent > 1 + ids.length / 20) {
            throw new MismatchException(numDifferent + " of " + ids.length + " experts are not the twin's");
        }
    }

    /** Checks the choice against scores in float64 of the norm that the backend itself has. */
    private static void requireChoice(Closeness closeness, Routed actual, Router router, int columns) {
        RouterRule rule = router.rule();
        int numExperts = rule.numExperts();
        int perToken = rule.expertsPerToken();
        int[] ids = actual.choice().expertIds();
        double[] expected = new double[ids.length];
        double[] bounds = new double[ids.length];
        for (int t = 0; t < ids.length / perToken; t++) {
            Scores scores = Scores.of(actual.out(), t * columns, router, columns);
            boolean[] taken = new boolean[numExperts];
            double sum = 0;
            double sumError = 0;
            for (int slot = 0; slot < perToken; slot++) {
                int id = ids[t * perToken + slot];
                requireBest(scores, taken, id, "token " + t + ", slot " + slot);
                taken[id] = true;
                sum += scores.score[id];
                sumError += scores.error[id];
            }
            for (int slot = 0; slot < perToken; slot++) {
                int p = t * perToken + slot;
                double divisor = rule.normTopkProb() ? sum + 1e-6 : 1;
                expected[p] = scores.score[ids[p]] / divisor * rule.routedScalingFactor();
                double relative = scores.error[ids[p]] / scores.score[ids[p]]
                        + (rule.normTopkProb() ? sumError / divisor : 0) + 8 * Closeness.F32;
                bounds[p] = expected[p] * relative;
            }
        }
        closeness.requireClose("routing weight", perToken, expected, bounds, actual.choice().weights());
    }

    private static void requireBest(Scores scores, boolean[] taken, int id, String what) {
        if (id < 0 || id >= taken.length || taken[id]) {
            throw new MismatchException(what + ": expert " + id + " of " + taken.length
                    + (id >= 0 && id < taken.length ? " is chosen twice" : ""));
        }
        for (int e = 0; e < taken.length; e++) {
            double doubt = scores.error[e] + scores.error[id];
            if (!taken[e] && scores.selection[e] > scores.selection[id] + doubt) {
                throw new MismatchException(what + ": expert " + id + " with " + scores.selection[id]
                        + " is chosen before " + e + " with " + scores.selection[e]);
            }
        }
    }

    /** A token's scores in float64, with what float32 may be off. */
    private record Scores(double[] score, double[] selection, double[] error) {
        static Scores of(float[] x, int from, Router router, int columns) {
            int n = router.rule().numExperts();
            Scores scores = new Scores(new double[n], new double[n], new double[n]);
            for (int e = 0; e < n; e++) {
                double logit = 0;
                double absolutes = 0;
                for (int i = 0; i < columns; i++) {
                    double product = (double) x[from + i] * router.gate()[e * columns + i];
                    logit += product;
                    absolutes += Math.abs(product);
                }
                double score = 1 / (1 + Math.exp(-logit));
                float bias = router.bias() == null ? 0 : router.bias()[e];
                scores.score[e] = score;
                scores.selection[e] = score + bias;
                scores.error[e] = score * (Closeness.sumError(columns, absolutes) + 8 * Closeness.F32)
                        + Math.abs(bias) * Closeness.F32;
            }
            return scores;
        }
    }

    /** The pairs by expert must follow from the ids, exactly. */
    private static void requireGroups(Routed actual, int numTokens) {
        Choice choice = actual.choice();
        int[] offsets = new int[choice.numExperts() + 1];
        int[] pairs = new int[choice.expertIds().length];
        int at = 0;
        for (int e = 0; e < choice.numExperts(); e++) {
            offsets[e] = at;
            for (int p = 0; p < pairs.length; p++) {
                if (choice.expertIds()[p] == e) {
                    pairs[at++] = p;
                }
            }
        }
        offsets[choice.numExperts()] = at;
        if (!Arrays.equals(offsets, actual.offsets())) {
            throw new MismatchException("offsets of " + numTokens + " tokens: expected " + Arrays.toString(offsets)
                    + ", was " + Arrays.toString(actual.offsets()));
        }
        int i = Arrays.mismatch(pairs, actual.sortedPairs());
        if (i >= 0) {
            throw new MismatchException("pair at place " + i + ": expected " + pairs[i] + ", was "
                    + (i < actual.sortedPairs().length ? actual.sortedPairs()[i] : "none"));
        }
    }

    /** One expert of two has a logit of exactly what is asked for; choices and weights follow in float32. */
    private static void edges(Trial trial) {
        float[][] logits = {
            {0, 0, 0, 0, 0, 0, 0, 0}, {20, 21, 19, 40, 88, 5, 18, 100}, {-90, -100, -104, -87, -95, -88, -120, -91},
            {-100, -100, -100, -99, -100, -99, -100, -100}, {1, 0.5f, 1, 0.5f, 1, 0.5f, 1, 0.5f},
            {3, -3, 3, -3, 3, -3, 3, 2.984375f}, {-1e4f, 1e4f, -1e4f, 1e4f, 0, 0, 1e-3f, -1e-3f}
        };
        float[][] biases = {null, {0, 0, 0, 0, 0, 0, 0, 0}, {-1, 0.5f, 0, 0, 0, 0, 0, 0.5f},
            {1e-3f, 0, 1e-3f, 0, 1e-3f, 0, 1e-3f, 0}};
        int columns = 8;
        float[] ones = new float[columns];
        Arrays.fill(ones, 1);
        ModelConfig config = Samples.config(columns, new RouterRule(8, 4, true, 1.5));
        try (OperationBackend backend = trial.open(config, limits(1));
                OperationBackend twin = trial.twin(config, limits(1))) {
            for (float[] row : logits) {
                float[] gate = gateOf(row, columns);
                for (float[] bias : biases) {
                    Router router = new Router(gate, bias, new RouterRule(8, 4, true, 1.5));
                    Routed expected = twin.addRmsNormRouteTopK(ones, new float[columns], ones, router);
                    Routed actual = backend.addRmsNormRouteTopK(ones, new float[columns], ones, router);
                    requireSameChoice(trial.closeness(), expected.choice(), actual.choice(),
                            Arrays.toString(row) + " with bias " + Arrays.toString(bias));
                }
            }
        }
    }

    /** The row of an expert adds up to its logit, in three bfloat16 parts. */
    private static float[] gateOf(float[] logits, int columns) {
        float[] gate = new float[logits.length * columns];
        for (int e = 0; e < logits.length; e++) {
            float left = logits[e];
            for (int part = 0; part < 3; part++) {
                gate[e * columns + part] = Samples.bf16(left);
                left -= gate[e * columns + part];
            }
        }
        return gate;
    }

    private static void requireSameChoice(Closeness closeness, Choice expected, Choice actual, String what) {
        if (!Arrays.equals(expected.expertIds(), actual.expertIds())) {
            throw new MismatchException("experts of logits " + what + ": expected "
                    + Arrays.toString(expected.expertIds()) + ", was " + Arrays.toString(actual.expertIds()));
        }
        double[] weights = new double[expected.weights().length];
        double[] bounds = new double[weights.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = expected.weights()[i];
            bounds[i] = Math.abs(weights[i]) * 1e-6 + Float.MIN_VALUE;
        }
        closeness.requireClose("weights of logits " + what, weights.length, weights, bounds, actual.weights());
    }

    private static void sameBitsInAnyBatch(Trial trial) {
        int numTokens = 61;
        int columns = 328;
        RouterRule rule = new RouterRule(32, 4, true, 1);
        float[] residual = trial.samples().normal(numTokens * columns, 3);
        float[] update = trial.samples().normal(numTokens * columns, 1);
        float[] weight = trial.samples().normal(columns, 1);
        Router router = new Router(trial.samples().normal(32 * columns, 0.1), null, rule);
        try (OperationBackend backend = trial.open(Samples.config(columns, rule), limits(numTokens))) {
            Choice all = backend.addRmsNormRouteTopK(residual, update, weight, router).choice();
            for (int[] range : new int[][] {{0, 1}, {5, 6}, {3, 20}, {44, 61}}) {
                Choice part = backend.addRmsNormRouteTopK(
                        Arrays.copyOfRange(residual, range[0] * columns, range[1] * columns),
                        Arrays.copyOfRange(update, range[0] * columns, range[1] * columns), weight, router).choice();
                String what = "tokens " + range[0] + " to " + range[1] + " alone";
                if (!Arrays.equals(Arrays.copyOfRange(all.expertIds(), 4 * range[0], 4 * range[1]), part.expertIds())) {
                    throw new MismatchException(what + " have other experts");
                }
                trial.closeness().requireSame(what, 4,
                        Arrays.copyOfRange(all.weights(), 4 * range[0], 4 * range[1]), part.weights());
            }
        }
    }
}
