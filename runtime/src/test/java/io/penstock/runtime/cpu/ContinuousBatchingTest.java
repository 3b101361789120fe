package io.penstock.runtime.cpu;

import static io.penstock.runtime.cpu.RunnerHarness.assertSame;
import static io.penstock.runtime.cpu.RunnerHarness.params;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.cpu.RunnerHarness.Row;
import io.penstock.runtime.cpu.RunnerHarness.Sequence;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a scheduler does to sequences between steps does not change a bit of what they give. */
class ContinuousBatchingTest {
    /** Two full blocks, and one that is full after 42 more tokens. */
    private static final int LENGTH = 150;

    private static final int NUM_STEPS = 60;

    @ParameterizedTest
    @CsvSource({"moe-nested, FLOAT32", "moe-legacy, FLOAT32", "dense-adjusted, FLOAT32", "moe-nested, BFLOAT16"})
    void decodingByTokenIsAddingSequences(String name, Arithmetic arithmetic) {
        try (var harness = new RunnerHarness(name, arithmetic)) {
            int[] prompt = harness.prompt(LENGTH, 1);
            List<Row> expected = harness.undisturbed(prompt, params(1), NUM_STEPS);
            var sequence = new Sequence(prompt, params(1), 2, 7, 3, 9, 4);
            harness.prefill(sequence);
            for (int i = 0; i < NUM_STEPS; i++) {
                harness.batch.sample(harness.addChunk(sequence, 1));
                sequence.take(harness.step(), 0);
            }
            assertSame(expected, sequence.rows, name);
        }
    }

    @Test
    void tablesOfSlotsOutliveStepsAndSequences() {
        try (var harness = new RunnerHarness("moe-nested", Arithmetic.FLOAT32)) {
            List<Row> expected = harness.undisturbed(harness.prompt(LENGTH, 2), params(2), NUM_STEPS);
            var first = new Sequence(harness.prompt(300, 3), params(3), 0, 11, 12, 13, 14, 15);
            harness.start(first);
            harness.addChunk(first, 180);
            harness.step();
            var beside = new Sequence(harness.prompt(70, 4), params(4), 1, 0, 1, 2);
            harness.prefill(beside);
            harness.batch.sample(harness.addDecode(beside));
            harness.batch.sample(harness.addChunk(first, 120));
            harness.step();

            var next = new Sequence(harness.prompt(LENGTH, 2), params(2), 0, 30, 14, 12, 20);
            harness.prefill(next);
            harness.decode(next, NUM_STEPS);
            assertSame(expected, next.rows, "next in the slot");
        }
    }

    @ParameterizedTest
    @CsvSource({"moe-nested, FLOAT32", "dense-adjusted, BFLOAT16"})
    void blocksAreCopiedInOrder(String name, Arithmetic arithmetic) {
        try (var harness = new RunnerHarness(name, arithmetic)) {
            int[] prompt = harness.prompt(LENGTH, 5);
            List<Row> expected = harness.undisturbed(prompt, params(5), NUM_STEPS);
            var sequence = new Sequence(prompt, params(5), 3, 4, 5, 6, 7);
            harness.prefill(sequence);
            harness.decode(sequence, 10);

            harness.batch.addCopy(Copy.BLOCK, 4, 20);
            harness.batch.addCopy(Copy.BLOCK, 5, 4);
            harness.batch.addCopy(Copy.BLOCK, 20, 5);
            harness.batch.addCopy(Copy.BLOCK, 6, 21);
            sequence.blocks = new int[] {5, 4, 21, 22};
            harness.setBlocks(sequence);
            harness.decode(sequence, 10);
            harness.overwrite(0, 6, 7, 20);
            harness.decode(sequence, NUM_STEPS - 20);
            assertSame(expected, sequence.rows, name);
        }
    }

    @ParameterizedTest
    @CsvSource({"moe-nested, FLOAT32", "moe-legacy, FLOAT32", "dense-adjusted, BFLOAT16"})
    void aSwappedSequenceGoesOnElsewhere(String name, Arithmetic arithmetic) {
        try (var harness = new RunnerHarness(name, arithmetic)) {
            int[] prompt = harness.prompt(LENGTH, 6);
            List<Row> expected = harness.undisturbed(prompt, params(6), NUM_STEPS);
            var sequence = new Sequence(prompt, params(6), 3, 4, 5, 6, 7);
            harness.prefill(sequence);
            harness.decode(sequence, 10);

            for (int i = 0; i < sequence.numBlocks(); i++) {
                harness.batch.addCopy(Copy.BLOCK_TO_HOST, sequence.blocks[i], 11 - 3 * i);
            }
            harness.batch.addCopy(Copy.SLOT_TO_HOST, 3, 2);
            assertEquals(0, harness.step().numRows());
            harness.overwrite(3, 4, 5, 6);
            harness.overwrite(1, 17, 18, 19, 4);

            for (int i = 0; i < sequence.numBlocks(); i++) {
                harness.batch.addCopy(Copy.BLOCK_FROM_HOST, 11 - 3 * i, 19 - i);
            }
            harness.batch.addCopy(Copy.SLOT_FROM_HOST, 2, 1);
            sequence.convSlot = 1;
            sequence.blocks = new int[] {19, 18, 17, 4};
            harness.start(sequence);
            harness.setBlocks(sequence);
            harness.decode(sequence, NUM_STEPS - 10);
            assertSame(expected, sequence.rows, name);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 127, 128, 150})
    void forksOfOnePromptAreSequencesOfTheirOwn(int length) {
        try (var harness = new RunnerHarness("moe-nested", Arithmetic.FLOAT32)) {
            int[] prompt = harness.prompt(length, 7);
            Sequence[] forks = {
                new Sequence(prompt, params(70), 4, 0, 1, 2, 3, 4),
                new Sequence(prompt, params(71), 0, 0, 1, 12, 13, 14),
                new Sequence(prompt, params(72), 2, 0, 1, 22, 23, 24)
            };
            int numFull = length / 64;
            for (int i = numFull; i < 2; i++) {
                forks[1].blocks[i] = 10 + i;
                forks[2].blocks[i] = 20 + i;
            }
            promptOnce(harness, forks);
            for (int i = 0; i < forks.length; i++) {
                if (i > 0 && length % 64 > 0) {
                    harness.batch.addCopy(Copy.BLOCK, forks[0].blocks[numFull], forks[i].blocks[numFull]);
                }
                harness.setBlocks(forks[i]);
            }
            decodeTogether(harness, forks);
            for (int i = 0; i < forks.length; i++) {
                assertSame(
                        harness.undisturbed(prompt, params(70 + i), NUM_STEPS), forks[i].rows, "fork " + i);
            }
            assertNotEquals(forks[0].tokens[length + 9], forks[1].tokens[length + 9], "draws of their own");
            assertNotEquals(forks[1].tokens[length + 9], forks[2].tokens[length + 9], "draws of their own");
        }
    }

    private static void promptOnce(RunnerHarness harness, Sequence[] forks) {
        for (Sequence fork : forks) {
            harness.start(fork);
        }
        int seq = harness.addChunk(forks[0], forks[0].promptLength);
        harness.batch.writeSnapshot(harness.batch.numTokens() - 1, 3);
        harness.batch.sample(seq);
        harness.batch.sample(seq, forks[1].convSlot);
        harness.batch.sample(seq, forks[2].convSlot);
        StepResult result = harness.step();
        for (int i = 0; i < forks.length; i++) {
            forks[i].take(result, i);
            forks[i].numComputed = forks[0].numComputed;
        }
    }

    private static void decodeTogether(RunnerHarness harness, Sequence[] forks) {
        for (int step = 0; step < NUM_STEPS; step++) {
            for (int i = 0; i < forks.length; i++) {
                int seq = harness.addDecode(forks[i]);
                harness.batch.sample(seq);
                if (step == 0) {
                    harness.batch.startFromSnapshot(seq, 3);
                }
            }
            StepResult result = harness.step();
            for (int i = 0; i < forks.length; i++) {
                forks[i].take(result, i);
            }
        }
    }

    @Test
    void memoryIsGivenOnWhileTheLastStepIsInFlight() {
        try (var harness = new RunnerHarness("moe-nested", Arithmetic.FLOAT32)) {
            List<Row> expected = harness.undisturbed(harness.prompt(100, 8), params(8), 3);
            var ended = new Sequence(harness.prompt(100, 9), params(9), 0, 6, 7);
            harness.prefill(ended);
            harness.batch.sample(harness.addDecode(ended));
            harness.runner.launch(harness.batch);
            harness.batch.clear();

            var next = new Sequence(harness.prompt(100, 8), params(8), 0, 7, 6);
            harness.start(next);
            harness.batch.sample(harness.addChunk(next, 100));
            harness.runner.launch(harness.batch);
            assertThrows(IllegalStateException.class, () -> harness.runner.launch(harness.batch));
            harness.batch.clear();
            ended.take(harness.runner.await(), 0);
            next.take(harness.runner.await(), 0);
            harness.decode(next, 3);
            assertSame(expected, next.rows, "next in the slot");
        }
    }
}
