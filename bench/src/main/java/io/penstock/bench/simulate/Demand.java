package io.penstock.bench.simulate;

import io.penstock.bench.simulate.Scenario.Lengths;
import io.penstock.bench.simulate.StepWork.Attention;
import io.penstock.bench.simulate.StepWork.Copies;
import io.penstock.runtime.ModelLimits;

/**
 * The average request of a workload, none aborted, nothing computed twice and every shared token found.
 *
 * @param work all it has to compute: its prompt once in one chunk, then a decode row for each output but the first
 * @param outputTokens sampled, over all choices
 * @param sequenceSteps steps times sequences that run
 * @param blockSteps steps times KV blocks of its own that are held
 */
record Demand(StepWork work, double outputTokens, double sequenceSteps, double blockSteps) {
    private static final double BLOCK = ModelLimits.BLOCK_TOKENS;

    static Demand of(Workload workload) {
        StepWork work = StepWork.NONE;
        double outputs = 0;
        double sequences = 0;
        double blocks = 0;
        for (int index = 0; index < workload.numRequests(); index++) {
            Lengths lengths = workload.lengths(index);
            double prompt = workload.promptLength(index);
            double shared = Math.floor(Math.min(workload.sharedLength(index), prompt - 1) / BLOCK) * BLOCK;
            double choices = lengths.numChoices();
            double rows = lengths.sampled() - 1.0;
            double keys = rows * prompt + rows * (rows + 1) / 2;
            double own = prompt - shared;
            work = work.plus(new StepWork(own + choices * rows, choices * (rows + 1),
                    new Attention(choices * rows, choices * keys, choices * keys),
                    new Attention(own, prompt, (prompt * (prompt + 1) - shared * (shared + 1)) / 2), Copies.NONE));
            outputs += choices * (rows + 1);
            sequences += choices * rows + 1;
            double ownKeys = choices * (keys - rows * prompt) + rows * own;
            blocks += (ownKeys + own) / BLOCK + (choices * rows + 1) / 2;
        }
        double share = 1.0 / workload.numRequests();
        return new Demand(work.times(share), outputs * share, sequences * share, blocks * share);
    }
}
