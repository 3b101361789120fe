package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The short convolution of decode and prefill, its states, and snapshots written in passing. */
final class ShortConvCases {
    private static final String NAME = "short_conv";
    static final int LAYER = 1;
    private static final int MAX_SEQS = 140;
    static final ModelLimits LIMITS = new ModelLimits(MAX_SEQS, 400, 500, 8, 6);

    private ShortConvCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        String[] names = {"one", "decode", "prompt", "chunk", "edges", "mixed", "mixed"};
        int[] hidden = {16, 80, 64, 144, 80, 48, 1040};
        for (int i = 0; i < names.length; i++) {
            String name = names[i];
            int width = hidden[i];
            all.add(OperationCase.small(NAME, name + " x " + width, trial -> check(trial, name, width)));
        }
        all.add(OperationCase.small(NAME, "the same bits in any chunks", ShortConvCases::chunksGiveTheSameBits));
        for (String name : new String[] {"decode", "mixed"}) {
            all.add(OperationCase.large(NAME, name + " x 2048", trial -> check(trial, name, 2048)));
        }
        return all;
    }

    /** A ragged batch; each sequence is given as its new tokens, computed tokens and initial snapshot (or -1). */
    static ForwardBatch batch(int[]... sequences) {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        int[] blocks = new int[LIMITS.maxBlocksPerSeq()];
        int[] ids = new int[LIMITS.maxModelLen()];
        for (int s = 0; s < sequences.length; s++) {
            int slot = (9 * s + 3) % MAX_SEQS;
            int seq = batch.addSequence(slot, ids, 0, sequences[s][0], sequences[s][1], blocks);
            if (sequences[s][2] >= 0) {
                batch.startFromSnapshot(seq, sequences[s][2]);
            }
        }
        return batch;
    }

    private static ForwardBatch decode(int numSeqs) {
        int[][] sequences = new int[numSeqs][];
        for (int s = 0; s < numSeqs; s++) {
            sequences[s] = new int[] {1, s % 5 == 4 ? 0 : 9, -1};
        }
        return batch(sequences);
    }

    static ForwardBatch ragged(String name) {
        return switch (name) {
            case "decode" -> decode(131);
            case "one" -> batch(new int[] {1, 0, -1});
            case "prompt" -> batch(new int[] {260, 0, -1});
            case "chunk" -> batch(new int[] {300, 77, -1});
            // First and second tokens on both sides of a tile's end, at 128 and 256.
            case "edges" -> batch(new int[] {127, 0, -1}, new int[] {2, 5, -1}, new int[] {127, 1, -1},
                    new int[] {64, 2, -1}, new int[] {1, 8, -1}, new int[] {70, 8, 0});
            case "mixed" -> batch(new int[] {1, 30, -1}, new int[] {1, 64, 0}, new int[] {2, 64, 1},
                    new int[] {3, 1, -1}, new int[] {120, 128, 3}, new int[] {2, 0, -1}, new int[] {100, 3, -1});
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** Fills all states and snapshots of both alike, so that a wrong slot shows. */
    static void fill(OperationBackend backend, OperationBackend twin, Samples samples, int hidden) {
        for (int layer = 0; layer < 2; layer++) {
            for (int slot = 0; slot < MAX_SEQS; slot++) {
                float[] state = samples.normal(2 * hidden, 1);
                backend.setConvState(layer, slot, state);
                twin.setConvState(layer, slot, state);
            }
            for (int snapshot = 0; snapshot < LIMITS.numSnapshots(); snapshot++) {
                float[] state = samples.normal(2 * hidden, 1);
                backend.setSnapshot(layer, snapshot, state);
                twin.setSnapshot(layer, snapshot, state);
            }
        }
    }

    static void requireSameMemory(
            Closeness closeness, OperationBackend expected, OperationBackend actual, int hidden) {
        for (int layer = 0; layer < 2; layer++) {
            for (int slot = 0; slot < MAX_SEQS; slot++) {
                closeness.requireSame("layer " + layer + ", state of slot " + slot, hidden,
                        expected.convState(layer, slot), actual.convState(layer, slot));
            }
            for (int snapshot = 0; snapshot < LIMITS.numSnapshots(); snapshot++) {
                closeness.requireSame("layer " + layer + ", snapshot " + snapshot, hidden,
                        expected.snapshot(layer, snapshot), actual.snapshot(layer, snapshot));
            }
        }
    }

    private static void check(Trial trial, String name, int hidden) {
        Samples samples = trial.samples();
        ForwardBatch batch = ragged(name);
        int numTokens = batch.numTokens();
        ModelConfig config = Samples.config(hidden);
        float[] bcx = samples.normal(numTokens * 3 * hidden, 1);
        float[] taps = samples.normal(3 * hidden, 0.6);
        if (numTokens > 100) {
            int[] tokens = name.equals("mixed") ? new int[] {3, 130} : new int[] {0, 1, 128, 128, numTokens - 1};
            for (int p = 0; p < tokens.length; p++) {
                batch.writeSnapshot(tokens[p], 5 - p);
            }
        }
        try (OperationBackend backend = trial.open(config, LIMITS);
                OperationBackend twin = trial.twin(config, LIMITS)) {
            fill(backend, twin, samples, hidden);
            Reference reference = Reference.of(twin, bcx, taps, batch, hidden);
            float[] actual = backend.shortConv(bcx, taps, LAYER, batch);
            trial.closeness().requireClose(NAME, hidden, reference.expected, reference.bounds, actual);
            trial.closeness().requireSame(NAME, hidden, twin.shortConv(bcx, taps, LAYER, batch), actual);
            requireSameMemory(trial.closeness(), twin, backend, hidden);
        }
    }

    private static void chunksGiveTheSameBits(Trial trial) {
        int hidden = 80;
        int length = 300;
        float[] bcx = trial.samples().normal(length * 3 * hidden, 1);
        float[] taps = trial.samples().normal(3 * hidden, 0.6);
        try (OperationBackend backend = trial.open(Samples.config(hidden), LIMITS)) {
            float[] whole = backend.shortConv(bcx, taps, LAYER, batch(new int[] {length, 0, -1}));
            float[] end = backend.convState(LAYER, 3);
            for (int[] chunks : new int[][] {{1, 1, 1, 297}, {128, 129, 43}, {2, 130, 168}}) {
                int from = 0;
                for (int chunk : chunks) {
                    float[] part = Arrays.copyOfRange(bcx, from * 3 * hidden, (from + chunk) * 3 * hidden);
                    float[] out = backend.shortConv(part, taps, LAYER, batch(new int[] {chunk, from, -1}));
                    trial.closeness().requireSame("chunk of " + chunk + " from " + from, hidden,
                            Arrays.copyOfRange(whole, from * hidden, (from + chunk) * hidden), out);
                    from += chunk;
                }
                trial.closeness().requireSame("state", hidden, end, backend.convState(LAYER, 3));
            }
        }
    }

    /** The convolution in float64, from the states as they are. */
    private record Reference(double[] expected, double[] bounds) {
        static Reference of(OperationBackend states, float[] bcx, float[] taps, ForwardBatch batch, int hidden) {
            int length = batch.numTokens() * hidden;
            Reference reference = new Reference(new double[length], new double[length]);
            for (int s = 0; s < batch.numSeqs(); s++) {
                float[] history = batch.initialSnapshot(s) >= 0
                        ? states.snapshot(LAYER, batch.initialSnapshot(s))
                        : states.convState(LAYER, batch.convSlot(s));
                int first = batch.firstToken(s);
                if (batch.position(first) == 0) {
                    Arrays.fill(history, 0);
                }
                for (int t = first; t < batch.firstToken(s + 1); t++) {
                    for (int c = 0; c < hidden; c++) {
                        reference.compute(bcx, taps, history, t, first, c, hidden);
                    }
                }
            }
            return reference;
        }

        private void compute(float[] bcx, float[] taps, float[] history, int token, int first, int c, int hidden) {
            double sum = 0;
            double absolutes = 0;
            for (int i = 0; i < 3; i++) {
                int t = token - 2 + i;
                double bx = t < first
                        ? history[(t - first + 2) * hidden + c]
                        : (double) bcx[t * 3 * hidden + c] * bcx[t * 3 * hidden + 2 * hidden + c];
                sum += taps[i * hidden + c] * bx;
                absolutes += Math.abs(taps[i * hidden + c] * bx);
            }
            float gate = bcx[token * 3 * hidden + hidden + c];
            int at = token * hidden + c;
            expected[at] = gate * sum;
            bounds[at] = Math.abs(gate) * absolutes * (3 * Closeness.BF16 + 1e-4);
        }
    }
}
