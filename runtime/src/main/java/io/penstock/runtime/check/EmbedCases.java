package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.ArrayList;
import java.util.List;

/** Rows of a table, bit by bit. */
final class EmbedCases {
    private static final String NAME = "embed";

    private EmbedCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : new int[][] {{1, 8, 3}, {5, 72, 11}, {67, 264, 129}, {3, 2048, 7}, {2, 2040, 5}}) {
            all.add(OperationCase.small(NAME, sizes(size), trial -> check(trial, size[0], size[1], size[2])));
        }
        all.add(OperationCase.small(NAME, "tokens that slots sampled last", EmbedCases::checkLastSampled));
        all.add(OperationCase.large(NAME, "1023 x 2048 of 4099", trial -> check(trial, 1023, 2048, 4099)));
        return all;
    }

    private static String sizes(int[] size) {
        return size[0] + " x " + size[1] + " of " + size[2];
    }

    private static void check(Trial trial, int numTokens, int hidden, int vocab) {
        Samples samples = trial.samples();
        ModelLimits limits = Samples.limits(2, numTokens + 1);
        float[] table = samples.normal(vocab * hidden, 1);
        int[] tokenIds = samples.ints(numTokens, vocab);
        float[] expected = new float[numTokens * hidden];
        for (int t = 0; t < numTokens; t++) {
            System.arraycopy(table, tokenIds[t] * hidden, expected, t * hidden, hidden);
        }
        try (OperationBackend backend = trial.open(Samples.config(vocab, hidden, 1, 1), limits)) {
            float[] actual = backend.embed(table, Samples.prompt(limits, tokenIds));
            trial.closeness().requireSame(NAME, hidden, expected, actual);
        }
    }

    /** Decode rows in another order than their slots, every second one with the token that its slot sampled last. */
    private static void checkLastSampled(Trial trial) {
        int hidden = 72;
        int vocab = 31;
        int numSeqs = 9;
        Samples samples = trial.samples();
        ModelLimits limits = Samples.limits(numSeqs, numSeqs);
        float[] table = samples.normal(vocab * hidden, 1);
        int[] lastSampled = samples.ints(numSeqs, vocab);
        int[] tokenIds = samples.ints(numSeqs, vocab);
        float[] expected = new float[numSeqs * hidden];
        ForwardBatch batch = new ForwardBatch(limits);
        int[] slots = samples.permutation(numSeqs);
        for (int s = 0; s < numSeqs; s++) {
            int tokenId = s % 2 == 0 ? lastSampled[slots[s]] : tokenIds[s];
            int given = s % 2 == 0 ? ForwardBatch.LAST_SAMPLED : tokenId;
            batch.addDecode(slots[s], given, 0, s * ModelLimits.BLOCK_TOKENS);
            batch.setBlock(slots[s], 0, s);
            System.arraycopy(table, tokenId * hidden, expected, s * hidden, hidden);
        }
        try (OperationBackend backend = trial.open(Samples.config(vocab, hidden, 1, 1), limits)) {
            for (int slot = 0; slot < numSeqs; slot++) {
                backend.setLastSampled(slot, lastSampled[slot]);
            }
            trial.closeness().requireSame(NAME, hidden, expected, backend.embed(table, batch));
        }
    }
}
