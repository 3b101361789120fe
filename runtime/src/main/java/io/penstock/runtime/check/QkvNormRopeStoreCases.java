package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The projection and the heads' way to the KV blocks: the bits of both alone, and of a token alone. */
final class QkvNormRopeStoreCases {
    private static final String NAME = "qkv_norm_rope_store";
    private static final int DIM = 64;
    private static final int LAYER = QkNormRopeStoreCases.LAYER;
    private static final ModelLimits LIMITS = new ModelLimits(4, 300, 400, 14, 0);
    private static final int[] COMPUTED = {0, 41, 130, 63};

    private QkvNormRopeStoreCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        int[][] sizes = {
            {1, 1, 8, 1}, {4, 1, 72, 5}, {5, 3, 136, 37}, {4, 2, 64, 117}, {7, 2, 200, 86}, {21, 4, 16, 290}
        };
        for (int[] size : sizes) {
            all.add(OperationCase.small(NAME, described(size), trial -> check(trial, size)));
        }
        all.add(OperationCase.small(NAME, "a token alone has the same bits", QkvNormRopeStoreCases::alone));
        int[] large = {32, 8, 2048, 117};
        all.add(OperationCase.large(NAME, described(large), trial -> check(trial, large)));
        return all;
    }

    private static String described(int[] size) {
        return size[0] + " heads, " + size[1] + " kv heads, hidden " + size[2] + ", prompt of " + size[3];
    }

    /** Of a model: values for the operation. */
    private record Weights(float[] qkvProj, float[] qNorm, float[] kNorm) {
        static Weights of(Samples samples, int numColumns, int hidden) {
            return new Weights(samples.normal(numColumns * hidden, 1 / Math.sqrt(hidden)), samples.normal(DIM, 1),
                    samples.normal(DIM, 1));
        }

        float[] run(OperationBackend backend, float[] x, ForwardBatch batch) {
            return backend.qkvNormRopeStore(x, qkvProj, qNorm, kNorm, LAYER, batch);
        }
    }

    /** @param size heads, kv heads, columns of x, tokens of the longest sequence */
    private static void check(Trial trial, int[] size) {
        int numKvHeads = size[1];
        int hidden = size[2];
        Samples samples = trial.samples();
        Closeness closeness = trial.closeness();
        ModelConfig config = Samples.config(64, hidden, size[0], numKvHeads);
        ForwardBatch batch = QkNormRopeStoreCases.batch(
                LIMITS, samples, new int[] {1, size[3], 1, 2}, COMPUTED);
        float[] x = samples.normal(batch.numTokens() * hidden, 1);
        Weights weights = Weights.of(samples, (size[0] + 2 * numKvHeads) * DIM, hidden);
        try (OperationBackend backend = trial.open(config, LIMITS);
                OperationBackend parts = trial.open(config, LIMITS);
                OperationBackend twin = trial.twin(config, LIMITS)) {
            float[] queries = weights.run(backend, x, batch);
            float[] qkv = parts.linear(x, weights.qkvProj, hidden);
            float[] separate = parts.qkNormRopeStore(qkv, weights.qNorm, weights.kNorm, LAYER, batch);
            closeness.requireSame("q of linear, then qk_norm_rope_store", size[0] * DIM, separate, queries);
            closeness.requireTwin("q", size[0] * DIM,
                    twin.qkNormRopeStore(qkv, weights.qNorm, weights.kNorm, LAYER, batch), queries);
            for (int t = 0; t < batch.numTokens(); t++) {
                for (int h = 0; h < numKvHeads; h++) {
                    String what = "k and v of token " + t + ", head " + h;
                    float[] stored = backend.keyValue(LAYER, batch.slot(t), h);
                    closeness.requireSame(what, DIM, parts.keyValue(LAYER, batch.slot(t), h), stored);
                    closeness.requireTwin(what, DIM, twin.keyValue(LAYER, batch.slot(t), h), stored);
                }
            }
            QkNormRopeStoreCases.unwrittenSlotsStay(closeness, backend, batch, LIMITS.numKvBlocks(), numKvHeads);
        }
    }

    private static void alone(Trial trial) {
        int hidden = 72;
        Samples samples = trial.samples();
        ModelConfig config = Samples.config(64, hidden, 2, 1);
        ForwardBatch batch = QkNormRopeStoreCases.batch(LIMITS, samples, new int[] {1, 117, 1, 2}, COMPUTED);
        float[] x = samples.normal(batch.numTokens() * hidden, 1);
        Weights weights = Weights.of(samples, 4 * DIM, hidden);
        try (OperationBackend backend = trial.open(config, LIMITS)) {
            float[] all = weights.run(backend, x, batch);
            for (int t : new int[] {0, 1, 64, 117, 120}) {
                float[] stored = backend.keyValue(LAYER, batch.slot(t), 0);
                ForwardBatch alone = new ForwardBatch(LIMITS);
                int position = batch.position(t);
                int[] blocks = new int[ModelLimits.blocksFor(position + 1)];
                blocks[blocks.length - 1] = batch.slot(t) / ModelLimits.BLOCK_TOKENS;
                alone.addSequence(0, new int[1], 0, 1, position, blocks);
                trial.closeness().requireSame("token " + t + " alone", DIM,
                        Arrays.copyOfRange(all, t * 2 * DIM, (t + 1) * 2 * DIM),
                        weights.run(backend, Arrays.copyOfRange(x, t * hidden, (t + 1) * hidden), alone));
                trial.closeness().requireSame("k and v of token " + t + " alone", DIM, stored,
                        backend.keyValue(LAYER, batch.slot(t), 0));
            }
        }
    }
}
