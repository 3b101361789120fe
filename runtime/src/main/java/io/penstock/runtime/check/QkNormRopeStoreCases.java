package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Heads that are normalised, rotated and stored; slots that are not the batch's stay as they are. */
final class QkNormRopeStoreCases {
    private static final String NAME = "qk_norm_rope_store";
    private static final int DIM = 64;
    private static final ModelLimits LIMITS = new ModelLimits(4, 160, 300, 9, 0);
    static final int LAYER = 1;

    private QkNormRopeStoreCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : new int[][] {{1, 1}, {4, 1}, {5, 3}, {32, 8}, {16, 8}, {41, 11}}) {
            all.add(OperationCase.small(NAME, size[0] + " heads, " + size[1] + " kv heads",
                    trial -> check(trial, size[0], size[1])));
        }
        return all;
    }

    /** Sequences of these lengths, some of their tokens computed before, in scattered blocks. */
    static ForwardBatch batch(ModelLimits limits, Samples samples, int[] newTokens, int[] computedTokens) {
        ForwardBatch batch = new ForwardBatch(limits);
        int[] blocks = samples.permutation(limits.numKvBlocks());
        int taken = 0;
        for (int s = 0; s < newTokens.length; s++) {
            int numBlocks = ModelLimits.blocksFor(newTokens[s] + computedTokens[s]);
            batch.addSequence(s, new int[300], 0, newTokens[s], computedTokens[s],
                    Arrays.copyOfRange(blocks, taken, taken + numBlocks));
            taken += numBlocks;
        }
        return batch;
    }

    /** A head after norm and rotation in float64. */
    private static void head(float[] x, int from, float[] weight, int position, double[] expected, double[] bounds) {
        double squares = 0;
        for (int i = 0; i < DIM; i++) {
            squares += (double) x[from + i] * x[from + i];
        }
        double scale = 1 / Math.sqrt(squares / DIM + Samples.EPS);
        for (int i = 0; i < DIM / 2; i++) {
            double a = x[from + i] * scale * weight[i];
            double b = x[from + DIM / 2 + i] * scale * weight[DIM / 2 + i];
            float inverseFrequency = 1f / (float) StrictMath.pow(5e6, 2f * i / DIM);
            double angle = position * inverseFrequency;
            double c = Math.cos(angle);
            double s = Math.sin(angle);
            expected[i] = a * c - b * s;
            expected[DIM / 2 + i] = b * c + a * s;
            double normError = 2 * Closeness.BF16 + 1e-4;
            bounds[i] = normError * (Math.abs(a * c) + Math.abs(b * s)) + Closeness.BF16 * Math.abs(expected[i]);
            bounds[DIM / 2 + i] = normError * (Math.abs(b * c) + Math.abs(a * s))
                    + Closeness.BF16 * Math.abs(expected[DIM / 2 + i]);
        }
    }

    private static void check(Trial trial, int numHeads, int numKvHeads) {
        Samples samples = trial.samples();
        Closeness closeness = trial.closeness();
        ModelConfig config = Samples.config(64, 64, numHeads, numKvHeads);
        ForwardBatch batch = batch(LIMITS, samples, new int[] {1, 37, 1, 2}, new int[] {0, 41, 130, 63});
        int columns = (numHeads + 2 * numKvHeads) * DIM;
        float[] qkv = samples.normal(batch.numTokens() * columns, 2);
        float[] qNorm = samples.normal(DIM, 1);
        float[] kNorm = samples.normal(DIM, 1);
        try (OperationBackend backend = trial.open(config, LIMITS);
                OperationBackend twin = trial.twin(config, LIMITS)) {
            float[] queries = backend.qkNormRopeStore(qkv, qNorm, kNorm, LAYER, batch);
            closeness.requireTwin(
                    "q", numHeads * DIM, twin.qkNormRopeStore(qkv, qNorm, kNorm, LAYER, batch), queries);
            double[] expected = new double[DIM];
            double[] bounds = new double[DIM];
            for (int t = 0; t < batch.numTokens(); t++) {
                for (int h = 0; h < numHeads; h++) {
                    head(qkv, t * columns + h * DIM, qNorm, batch.position(t), expected, bounds);
                    int from = (t * numHeads + h) * DIM;
                    closeness.requireClose("q of token " + t + ", head " + h, DIM, expected, bounds,
                            Arrays.copyOfRange(queries, from, from + DIM));
                }
                for (int h = 0; h < numKvHeads; h++) {
                    int key = t * columns + (numHeads + h) * DIM;
                    int value = key + numKvHeads * DIM;
                    head(qkv, key, kNorm, batch.position(t), expected, bounds);
                    float[] stored = backend.keyValue(LAYER, batch.slot(t), h);
                    closeness.requireClose("k of token " + t + ", head " + h, DIM, expected, bounds,
                            Arrays.copyOf(stored, DIM));
                    closeness.requireTwin("k of token " + t + ", head " + h, DIM,
                            Arrays.copyOf(twin.keyValue(LAYER, batch.slot(t), h), DIM), Arrays.copyOf(stored, DIM));
                    closeness.requireSame("v of token " + t + ", head " + h, DIM,
                            Arrays.copyOfRange(qkv, value, value + DIM), Arrays.copyOfRange(stored, DIM, 2 * DIM));
                }
            }
            unwrittenSlotsStay(closeness, backend, batch, LIMITS.numKvBlocks(), numKvHeads);
        }
    }

    static void unwrittenSlotsStay(
            Closeness closeness, OperationBackend backend, ForwardBatch batch, int numBlocks, int numKvHeads) {
        boolean[] written = new boolean[numBlocks * ModelLimits.BLOCK_TOKENS];
        for (int t = 0; t < batch.numTokens(); t++) {
            written[batch.slot(t)] = true;
        }
        float[] nothing = new float[2 * DIM];
        Arrays.fill(nothing, OperationBackend.UNWRITTEN);
        for (int slot = 0; slot < written.length; slot++) {
            for (int layer = 0; layer < 2; layer++) {
                int head = slot % numKvHeads;
                if (layer != LAYER || !written[slot]) {
                    closeness.requireSame("layer " + layer + ", slot " + slot + ", which is not the batch's", DIM,
                            nothing, backend.keyValue(layer, slot, head));
                }
            }
        }
    }
}
