package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.cpu.RunnerHarness.Row;
import io.penstock.runtime.cpu.RunnerHarness.Sequence;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Log probabilities of given tokens: of a prompt. */
class ScoredRowsTest {
    private static final int CHUNK = 5;
    private static final float LIMIT = 1e-6f;

    /** The logits of token {@code at} of a prompt, as they come from the model. */
    private static float[] logits(RunnerHarness harness, int[] prompt, int at) {
        var sequence = new Sequence(prompt, SamplingParams.greedy(1), 5, 35, 36, 37, 38, 39);
        harness.batch.clear();
        harness.batch.computeLogits(harness.addChunk(sequence, at + 1), at);
        float[] logits = harness.model.forward(harness.batch).clone();
        harness.batch.clear();
        return logits;
    }

    private static void assertScore(float[] logits, int numValid, int target, int numTop, Row row) {
        double total = IntStream.range(0, numValid).mapToDouble(i -> Math.exp((double) logits[i])).sum();
        List<Integer> order = IntStream.range(0, numValid).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -logits[i]).thenComparing(i -> i)).toList();
        assertEquals(target, row.tokenId());
        assertEquals(logits[target] - Math.log(total), row.logprob(), LIMIT);
        assertEquals(order.indexOf(target) + 1, row.rank());
        assertEquals(order.subList(0, numTop), row.topTokenIds());
        for (int i = 0; i < numTop; i++) {
            assertEquals(logits[order.get(i)] - Math.log(total), row.topLogprobs().get(i), LIMIT);
        }
    }

    @ParameterizedTest
    @CsvSource({"moe-nested, FLOAT32", "moe-legacy, FLOAT32", "dense-adjusted, FLOAT32", "moe-nested, BFLOAT16"})
    void aPromptInChunks(String name, Arithmetic arithmetic) {
        try (var harness = new RunnerHarness(name, arithmetic)) {
            int[] prompt = harness.prompt(72, 1);
            var sequence = new Sequence(prompt, SamplingParams.greedy(1), 0, 3, 1);
            harness.start(sequence);
            for (int from = 0; from < prompt.length - 1; from += CHUNK) {
                int numTokens = Math.min(CHUNK, prompt.length - 1 - from);
                int seq = harness.addChunk(sequence, numTokens);
                for (int i = 0; i < numTokens; i++) {
                    harness.batch.score(seq, i, prompt[from + i + 1], (from + i) % 21);
                }
                StepResult result = harness.step();
                Row[] rows = IntStream.range(0, numTokens).mapToObj(i -> Row.of(result, i)).toArray(Row[]::new);
                for (int i = 0; i < numTokens; i++) {
                    assertScore(logits(harness, prompt, from + i), harness.numValidTokens(), prompt[from + i + 1],
                            (from + i) % 21, rows[i]);
                }
            }
        }
    }

    @Test
    void aSampledTokensLogprobIsItsScore() {
        try (var harness = new RunnerHarness("moe-nested", Arithmetic.FLOAT32)) {
            var sampled = new Sequence(harness.prompt(40, 2), RunnerHarness.params(2), 1, 8);
            harness.prefill(sampled);
            harness.decode(sampled, 5);
            int[] all = IntStream.range(0, sampled.numTokens).map(i -> sampled.tokens[i]).toArray();

            var scored = new Sequence(all, SamplingParams.greedy(1), 2, 9);
            harness.start(scored);
            var beside = new Sequence(harness.prompt(40, 2), RunnerHarness.params(2), 0, 4);
            harness.start(beside);
            int seq = harness.addChunk(scored, all.length - 1);
            int other = harness.addChunk(beside, 40);
            for (int i = 0; i < 5; i++) {
                harness.batch.score(seq, 39 + i, all[40 + i], 20);
            }
            harness.batch.sample(other);
            StepResult result = harness.step();
            for (int i = 0; i < 5; i++) {
                assertEquals(sampled.rows.get(i), Row.of(result, i), "output " + i);
            }
            assertEquals(sampled.rows.get(0), Row.of(result, 5));
        }
    }

    @Test
    void paddingHasNoProbability() {
        try (var harness = new RunnerHarness("moe-nested", Arithmetic.FLOAT32)) {
            var sequence = new Sequence(harness.prompt(9, 3), SamplingParams.greedy(1), 2, 9);
            int seq = harness.addChunk(sequence, 9);
            int padding = harness.numValidTokens() + 1;
            harness.batch.score(seq, 8, padding, 20);
            Row row = Row.of(harness.step(), 0);
            assertEquals(padding, row.tokenId());
            assertEquals(Float.NEGATIVE_INFINITY, row.logprob());
            assertEquals(harness.numValidTokens() + 1, row.rank());
            assertTrue(row.topTokenIds().stream().allMatch(id -> id < harness.numValidTokens()));
        }
    }

    @Test
    void aFullStepOfRows() {
        try (var harness = new RunnerHarness("moe-nested", Arithmetic.FLOAT32)) {
            ModelLimits limits = harness.runner.limits();
            var sequence = new Sequence(harness.prompt(9, 4), SamplingParams.greedy(1), 2, 9);
            int seq = harness.addChunk(sequence, 9);
            while (harness.batch.logitRoom() > 0) {
                harness.batch.score(seq, 8, harness.batch.numLogits(), 0);
            }
            StepResult result = harness.step();
            assertEquals(limits.maxNumLogits(), result.numRows());
            assertEquals(result.maxNumRows(), result.numRows());
            float[] logits = logits(harness, sequence.tokens, 8);
            for (int i = 0; i < result.numRows(); i++) {
                assertScore(logits, harness.numValidTokens(), i, 0, Row.of(result, i));
            }
        }
    }
}
