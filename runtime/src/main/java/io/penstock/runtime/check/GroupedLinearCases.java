package io.penstock.runtime.check;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Products of rows with the experts chosen for them, however unevenly, and their bits beside those of linear. */
final class GroupedLinearCases {
    private static final String NAME = "grouped_linear";

    /** Who chooses whom. */
    enum Routing {
        /** Any experts, as likely. */
        RANDOM,
        /** One expert has every token, the others what is left. */
        ONE_HAS_ALL,
        /** As few experts as a token has; all others have none. */
        FEW
    }

    /** Tokens, experts, experts of a token, width, hidden: few, some and many rows an expert, so each variant. */
    private static final int[][] SIZES = {{1, 8, 4, 40, 72}, {2, 32, 8, 8, 8}, {5, 8, 1, 56, 128}, {16, 8, 4, 72, 136},
        {37, 16, 4, 136, 104}, {70, 8, 4, 64, 264}, {83, 8, 8, 40, 200}, {301, 8, 4, 136, 72},
        {266, 8, 4, 24, 40}};

    /** What is required of an operation on experts. */
    interface Check {
        void run(Trial trial, int[] size, Routing routing);
    }

    private GroupedLinearCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int i = 0; i < SIZES.length; i++) {
            int[] size = SIZES[i];
            for (Routing routing : Routing.values()) {
                if (i % 2 == 1 || routing.ordinal() != i / 2 % 3) {
                    all.add(OperationCase.small(NAME, sizes(size, routing), trial -> check(trial, size, routing)));
                }
            }
        }
        int[] many = {4096, 8, 1, 72, 136};
        all.add(OperationCase.large(NAME, sizes(many, Routing.ONE_HAS_ALL),
                trial -> check(trial, many, Routing.ONE_HAS_ALL)));
        int[] model = {65, 32, 4, 1792, 2048};
        all.add(OperationCase.large(NAME, sizes(model, Routing.RANDOM), trial -> checkRows(trial, model)));
        return all;
    }

    /** Those of an operation in a launch of its own: one of each size, and the model's. */
    static List<OperationCase> of(String name, int[][] sizes, int[] model, Check check) {
        List<OperationCase> all = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            int[] size = sizes[i];
            Routing routing = Routing.values()[i % Routing.values().length];
            all.add(OperationCase.small(name, sizes(size, routing), trial -> check.run(trial, size, routing)));
        }
        all.add(OperationCase.large(
                name, sizes(model, Routing.RANDOM), trial -> check.run(trial, model, Routing.RANDOM)));
        return all;
    }

    static String sizes(int[] size, Routing routing) {
        return size[0] + " tokens, " + size[2] + " of " + size[1] + " experts, " + size[3] + " x " + size[4] + ", "
                + routing.name().toLowerCase().replace('_', ' ');
    }

    static Choice choice(Samples samples, int[] size, Routing routing) {
        int perToken = size[2];
        int[] ids = new int[size[0] * perToken];
        for (int t = 0; t < size[0]; t++) {
            int[] order = samples.permutation(routing == Routing.FEW ? perToken : size[1]);
            if (routing == Routing.ONE_HAS_ALL && !contains(order, perToken, size[1] - 1)) {
                order[samples.nextInt(perToken)] = size[1] - 1;
            }
            System.arraycopy(order, 0, ids, t * perToken, perToken);
        }
        float[] weights = samples.normalFloat32(ids.length, 0.5);
        return new Choice(size[1], perToken, ids, weights);
    }

    private static boolean contains(int[] values, int length, int value) {
        return Arrays.stream(values, 0, length).anyMatch(each -> each == value);
    }

    static float[][] experts(Samples samples, int numExperts, int length, double deviation) {
        float[][] matrices = new float[numExperts][];
        for (int e = 0; e < numExperts; e++) {
            matrices[e] = samples.normal(length, deviation);
        }
        return matrices;
    }

    static ModelConfig config(int[] size) {
        return Samples.config(8, new RouterRule(size[1], size[2], true, 1));
    }

    private static void check(Trial trial, int[] size, Routing routing) {
        int width = size[3];
        int hidden = size[4];
        Samples samples = trial.samples();
        Choice choice = choice(samples, size, routing);
        float[] x = samples.normal(size[0] * hidden, 1);
        float[] inner = samples.normal(size[0] * size[2] * width, 1);
        float[][] gates = experts(samples, size[1], width * hidden, 2 / Math.sqrt(hidden));
        float[][] ups = experts(samples, size[1], width * hidden, 1 / Math.sqrt(hidden));
        float[][] downs = experts(samples, size[1], hidden * width, 1 / Math.sqrt(width));
        ModelLimits limits = Samples.limits(1, size[0]);
        try (OperationBackend backend = trial.open(config(size), limits);
                OperationBackend twin = trial.twin(config(size), limits)) {
            float[] outer = backend.groupedLinear(inner, downs, width, choice);
            closeToDown(trial.closeness(), inner, downs, width, choice, outer);
            trial.closeness().requireTwin(NAME, hidden, twin.groupedLinear(inner, downs, width, choice), outer);
            float[] gated = backend.groupedLinearSiluAndMul(x, gates, ups, hidden, choice);
            closeToSiluAndMul(trial.closeness(), x, gates, ups, hidden, choice, gated);
            trial.closeness().requireTwin("grouped_linear_silu_and_mul", width,
                    twin.groupedLinearSiluAndMul(x, gates, ups, hidden, choice), gated);
            for (int pair : new int[] {0, choice.expertIds().length / 2, choice.expertIds().length - 1}) {
                int expert = choice.expertIds()[pair];
                float[] row = Arrays.copyOfRange(x, pair / size[2] * hidden, (pair / size[2] + 1) * hidden);
                trial.closeness().requireSame("pair " + pair + " as linear has it", width,
                        backend.linearSiluAndMul(row, gates[expert], ups[expert], hidden),
                        Arrays.copyOfRange(gated, pair * width, (pair + 1) * width));
            }
        }
    }

    /** At a model's sizes, some rows: a token's rows do not depend on the others. */
    private static void checkRows(Trial trial, int[] size) {
        int width = size[3];
        int hidden = size[4];
        Samples samples = trial.samples();
        Choice choice = choice(samples, size, Routing.RANDOM);
        float[] x = samples.normal(size[0] * hidden, 1);
        float[][] gates = experts(samples, size[1], width * hidden, 2 / Math.sqrt(hidden));
        float[][] ups = experts(samples, size[1], width * hidden, 1 / Math.sqrt(hidden));
        try (OperationBackend backend = trial.open(config(size), Samples.limits(1, size[0]))) {
            float[] all = backend.groupedLinearSiluAndMul(x, gates, ups, hidden, choice);
            int tokens = 3;
            int numPairs = tokens * size[2];
            Choice few = new Choice(size[1], size[2], Arrays.copyOf(choice.expertIds(), numPairs),
                    Arrays.copyOf(choice.weights(), numPairs));
            float[] rows = Arrays.copyOf(x, tokens * hidden);
            float[] part = backend.groupedLinearSiluAndMul(rows, gates, ups, hidden, few);
            closeToSiluAndMul(trial.closeness(), rows, gates, ups, hidden, few, part);
            trial.closeness().requireSame(
                    "the first tokens alone", width, Arrays.copyOf(all, numPairs * width), part);
        }
    }

    private static void closeToDown(
            Closeness closeness, float[] x, float[][] downs, int k, Choice choice, float[] actual) {
        int columns = downs[0].length / k;
        double[] expected = new double[actual.length];
        double[] bounds = new double[actual.length];
        for (int i = 0; i < actual.length; i++) {
            int pair = i / columns;
            Product product = Product.of(x, pair * k, downs[choice.expertIds()[pair]], i % columns * k, k);
            double weight = choice.weights()[pair];
            expected[i] = weight * product.sum();
            bounds[i] = Math.abs(expected[i]) * (Closeness.BF16 + Closeness.F32)
                    + 1.01 * Math.abs(weight) * product.error();
        }
        closeness.requireClose(NAME, columns, expected, bounds, actual);
    }

    private static void closeToSiluAndMul(Closeness closeness, float[] x, float[][] gates, float[][] ups, int k,
            Choice choice, float[] actual) {
        int width = gates[0].length / k;
        double[] expected = new double[actual.length];
        double[] bounds = new double[actual.length];
        for (int i = 0; i < actual.length; i++) {
            int pair = i / width;
            int row = pair / choice.expertsPerToken() * k;
            int expert = choice.expertIds()[pair];
            Product gate = Product.of(x, row, gates[expert], i % width * k, k);
            Product up = Product.of(x, row, ups[expert], i % width * k, k);
            double silu = SiluAndMulCases.silu(gate.sum());
            expected[i] = silu * up.sum();
            bounds[i] = Math.abs(expected[i]) * (Closeness.BF16 + 1e-5) + 1.2 * gate.error() * Math.abs(up.sum())
                    + (Math.abs(silu) + gate.error()) * up.error();
        }
        closeness.requireClose("grouped_linear_silu_and_mul", width, expected, bounds, actual);
    }

    /** A dot product in float64, and what float32 sums may be off. */
    private record Product(double sum, double error) {
        static Product of(float[] x, int xFrom, float[] weight, int weightFrom, int k) {
            double sum = 0;
            double absolutes = 0;
            for (int i = 0; i < k; i++) {
                double product = (double) x[xFrom + i] * weight[weightFrom + i];
                sum += product;
                absolutes += Math.abs(product);
            }
            return new Product(sum, Closeness.sumError(k, absolutes));
        }
    }
}
