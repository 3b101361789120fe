package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** Rows of a prompt that are scored, from logits of every kind, bit by bit. */
final class LogprobsCases {
    private static final String NAME = "logprobs";

    private LogprobsCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int vocab : new int[] {777, 512, 640, 16, 4097, 9003}) {
            all.add(OperationCase.small(NAME, "rows of " + vocab, trial -> check(trial, vocab, 12)));
        }
        all.add(OperationCase.large(NAME, "rows of 128000", trial -> check(trial, 128_000, 100)));
        return all;
    }

    private static void check(Trial trial, int vocab, int numRows) {
        Samples samples = trial.samples();
        SamplingInputs inputs = new SamplingInputs(samples, vocab);
        ModelLimits limits = Samples.limits(numRows + 1, numRows + 1);
        ModelConfig config = Samples.config(vocab, 8, 1, 1);
        ForwardBatch batch = Samples.prompt(limits, inputs.tokens(numRows));
        float[] logits = new float[numRows * vocab];
        SamplingInputs.Kind[] kinds = SamplingInputs.Kind.values();
        for (int row = 0; row < numRows; row++) {
            System.arraycopy(inputs.logits(kinds[row % kinds.length]), 0, logits, row * vocab, vocab);
            if (row % 5 == 4) {
                batch.computeLogits(0, row);
            } else {
                batch.score(0, row, samples.nextInt(vocab), samples.nextInt(SamplingParams.MAX_LOGPROBS + 1));
            }
        }
        try (OperationBackend backend = trial.open(config, limits);
                OperationBackend twin = trial.twin(config, limits)) {
            StepResult actual = backend.logprobs(logits, batch);
            StepResult expected = twin.logprobs(logits, batch);
            for (int row = 0; row < numRows; row++) {
                if (batch.isScored(row)) {
                    SamplingInputs.requireSame("row " + row, expected, actual, row);
                }
            }
        }
    }
}
