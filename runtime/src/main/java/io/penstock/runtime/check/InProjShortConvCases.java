package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The projection and the convolution behind it: the bits of both alone, in decode as in any other batch. */
final class InProjShortConvCases {
    private static final String NAME = "in_proj_short_conv";
    private static final int LAYER = ShortConvCases.LAYER;

    private InProjShortConvCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        int[][] decodes = {{1, 16}, {3, 80}, {32, 144}, {33, 48}, {65, 272}, {131, 112}, {33, 128}, {65, 128},
            {97, 128}, {131, 128}, {131, 192}};
        for (int[] decode : decodes) {
            all.add(OperationCase.small(NAME, "decode of " + decode[0] + " x " + decode[1],
                    trial -> check(trial, decode(decode[0]), decode[1])));
        }
        for (String name : new String[] {"edges", "mixed", "one"}) {
            all.add(OperationCase.small(NAME, name + " x 80", trial -> check(trial, ShortConvCases.ragged(name), 80)));
        }
        all.add(OperationCase.small(NAME, "many sequences, the same bits", trial -> manySequences(trial, 1700, 272)));
        // Channels in whole parts: on 9.0 the variant with the largest blocks asks for them.
        all.add(OperationCase.small(
                NAME, "1,100 sequences x 256, the same bits", trial -> manySequences(trial, 1100, 256)));
        all.add(OperationCase.large(NAME, "decode of 131 x 2048", trial -> check(trial, decode(131), 2048)));
        all.add(OperationCase.large(
                NAME, "many sequences x 2048, the same bits", trial -> manySequences(trial, 1700, 2048)));
        return all;
    }

    /** New sequences, running ones, some from a snapshot; snapshots behind the first, in the middle, and the last. */
    private static ForwardBatch decode(int numSeqs) {
        int[][] sequences = new int[numSeqs][];
        for (int s = 0; s < numSeqs; s++) {
            sequences[s] = new int[] {1, s % 5 == 4 ? 0 : 64, s % 7 == 2 ? s % 3 : -1};
        }
        ForwardBatch batch = ShortConvCases.batch(sequences);
        batch.writeSnapshot(0, 5);
        if (numSeqs > 2) {
            batch.writeSnapshot(numSeqs / 2, 3);
            batch.writeSnapshot(numSeqs - 1, 4);
        }
        return batch;
    }

    private static void check(Trial trial, ForwardBatch batch, int hidden) {
        Samples samples = trial.samples();
        ModelConfig config = Samples.config(hidden);
        float[] x = samples.normal(batch.numTokens() * hidden, 1);
        float[] inProj = samples.normal(3 * hidden * hidden, 1 / Math.sqrt(hidden));
        float[] taps = samples.normal(3 * hidden, 0.6);
        try (OperationBackend backend = trial.open(config, ShortConvCases.LIMITS);
                OperationBackend parts = trial.open(config, ShortConvCases.LIMITS);
                OperationBackend twin = trial.twin(config, ShortConvCases.LIMITS)) {
            ShortConvCases.fill(backend, twin, new Samples(hidden), hidden);
            ShortConvCases.fill(parts, twin, new Samples(hidden), hidden);
            float[] actual = backend.inProjShortConv(x, inProj, taps, LAYER, batch);
            float[] bcx = parts.linear(x, inProj, hidden);
            trial.closeness().requireSame("linear, then short_conv", hidden,
                    parts.shortConv(bcx, taps, LAYER, batch), actual);
            ShortConvCases.requireSameMemory(trial.closeness(), parts, backend, hidden);
            trial.closeness().requireTwin(NAME, hidden, twin.inProjShortConv(x, inProj, taps, LAYER, batch), actual);
        }
    }

    /** Enough for the variant with the largest blocks; a sequence has its bits alone as well. */
    private static void manySequences(Trial trial, int numSeqs, int hidden) {
        Samples samples = trial.samples();
        ModelLimits limits = new ModelLimits(numSeqs, numSeqs, 64, 8, 1);
        float[] x = samples.normal(numSeqs * hidden, 1);
        float[] inProj = samples.normal(3 * hidden * hidden, 1 / Math.sqrt(hidden));
        float[] taps = samples.normal(3 * hidden, 0.6);
        float[] state = samples.normal(2 * hidden, 1);
        int[] some = {0, 127, 128, 1000, numSeqs - 1};
        try (OperationBackend backend = trial.open(Samples.config(hidden), limits)) {
            for (int seq : some) {
                backend.setConvState(LAYER, seq, state);
            }
            float[] all = backend.inProjShortConv(x, inProj, taps, LAYER, batch(limits, some, numSeqs));
            for (int seq : some) {
                float[] after = backend.convState(LAYER, seq);
                backend.setConvState(LAYER, seq, state);
                ForwardBatch alone = new ForwardBatch(limits);
                alone.addSequence(seq, new int[1], 0, 1, 9, new int[1]);
                trial.closeness().requireSame("sequence " + seq + " alone", hidden,
                        Arrays.copyOfRange(all, seq * hidden, (seq + 1) * hidden),
                        backend.inProjShortConv(
                                Arrays.copyOfRange(x, seq * hidden, (seq + 1) * hidden), inProj, taps,
                                LAYER, alone));
                trial.closeness().requireSame(
                        "state of sequence " + seq, hidden, after, backend.convState(LAYER, seq));
            }
        }
    }

    /** Sequences of which only some have a history. */
    private static ForwardBatch batch(ModelLimits limits, int[] running, int numSeqs) {
        ForwardBatch batch = new ForwardBatch(limits);
        for (int s = 0; s < numSeqs; s++) {
            int seq = s;
            int numComputed = Arrays.stream(running).anyMatch(each -> each == seq) ? 9 : 0;
            batch.addSequence(s, new int[1], 0, 1, numComputed, new int[1]);
        }
        return batch;
    }
}
