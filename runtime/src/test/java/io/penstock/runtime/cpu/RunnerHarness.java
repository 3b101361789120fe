package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A runner with a golden model, driven as a scheduler drives it. */
final class RunnerHarness implements AutoCloseable {
    static final ModelLimits LIMITS = new ModelLimits(6, 200, 320, 40, 4, 12);

    /** Ids from here on are padding. */
    static final int NUM_PADDING = 5;

    final CpuModel model;
    final CpuRunner runner;
    final ForwardBatch batch = new ForwardBatch(LIMITS);
    private final Checkpoint checkpoint;

    RunnerHarness(String name, Arithmetic arithmetic) {
        checkpoint = Checkpoint.open(Goldens.path("models/" + name));
        model = new CpuModel(checkpoint, LIMITS,
                new CpuModel.Options(arithmetic, CpuKernels.vector(), 2, Trace.NONE), layers -> {});
        runner = new CpuRunner(model, numValidTokens(), new int[0]);
    }

    int numValidTokens() {
        return model.config().vocabSize() - NUM_PADDING;
    }

    int[] prompt(int length, long seed) {
        return new Random(seed).ints(length, 0, numValidTokens()).toArray();
    }

    /** Draws among many tokens, with penalties that remember, and tells all that a row can. */
    static SamplingParams params(long seed) {
        return new SamplingParams(1, TokenFilters.NONE, new Penalties(1.1, 0.2, 0.1), TokenConstraints.NONE,
                StopConditions.afterTokens(200), seed, SamplingParams.MAX_LOGPROBS);
    }

    /** What a row of a result says, comparable bit by bit. */
    record Row(int tokenId, float logprob, int rank, List<Integer> topTokenIds, List<Float> topLogprobs) {
        static Row of(StepResult result, int row) {
            List<Integer> ids = new ArrayList<>();
            List<Float> logprobs = new ArrayList<>();
            for (int i = 0; i < result.numTopLogprobs(row); i++) {
                ids.add(result.topTokenId(row, i));
                logprobs.add(result.topLogprob(row, i));
            }
            return new Row(result.tokenId(row), result.logprob(row), result.rank(row), ids, logprobs);
        }
    }

    /** Names the first row that differs. */
    static void assertSame(List<Row> expected, List<Row> actual, String what) {
        assertEquals(expected.size(), actual.size(), what);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i), actual.get(i), what + ", output " + i);
        }
    }

    /** A sequence and what it has of the runner's memory. */
    static final class Sequence {
        final SamplingParams params;
        final int promptLength;
        final List<Row> rows = new ArrayList<>();
        int convSlot;
        int[] blocks;
        int[] tokens;
        int numTokens;
        int numComputed;

        Sequence(int[] prompt, SamplingParams params, int convSlot, int... blocks) {
            this.params = params;
            this.promptLength = prompt.length;
            this.convSlot = convSlot;
            this.blocks = blocks;
            tokens = Arrays.copyOf(prompt, LIMITS.maxModelLen() + 1);
            numTokens = prompt.length;
        }

        void take(StepResult result, int row) {
            rows.add(Row.of(result, row));
            tokens[numTokens++] = result.tokenId(row);
        }

        int numBlocks() {
            return ModelLimits.blocksFor(numComputed);
        }
    }

    void start(Sequence sequence) {
        runner.startSequence(sequence.convSlot, sequence.params, sequence.tokens, sequence.promptLength,
                sequence.numTokens);
    }

    /** Launches the batch, awaits it, empties it. */
    StepResult step() {
        int numRows = batch.numLogits();
        runner.launch(batch);
        batch.clear();
        StepResult result = runner.await();
        assertEquals(numRows, result.numRows());
        return result;
    }

    /** Puts the whole block table of a sequence into the batch. */
    void setBlocks(Sequence sequence) {
        for (int i = 0; i < sequence.numBlocks(); i++) {
            batch.setBlock(sequence.convSlot, i, sequence.blocks[i]);
        }
    }

    /** Adds the next prompt tokens and the blocks that they begin. */
    int addChunk(Sequence sequence, int numTokens) {
        int from = sequence.numComputed;
        for (int i = ModelLimits.blocksFor(from); i < ModelLimits.blocksFor(from + numTokens); i++) {
            batch.setBlock(sequence.convSlot, i, sequence.blocks[i]);
        }
        sequence.numComputed += numTokens;
        return batch.addSequence(sequence.convSlot, sequence.tokens, from, numTokens, from, sequence.blocks);
    }

    /** Adds the token that the runner sampled last. */
    int addDecode(Sequence sequence) {
        int position = sequence.numComputed++;
        int index = position / ModelLimits.BLOCK_TOKENS;
        int offset = position % ModelLimits.BLOCK_TOKENS;
        if (offset == 0) {
            batch.setBlock(sequence.convSlot, index, sequence.blocks[index]);
        }
        return batch.addDecode(sequence.convSlot, ForwardBatch.LAST_SAMPLED, position,
                sequence.blocks[index] * ModelLimits.BLOCK_TOKENS + offset);
    }

    /** The prompt in one step and the first token. */
    void prefill(Sequence sequence) {
        start(sequence);
        batch.sample(addChunk(sequence, sequence.promptLength));
        sequence.take(step(), 0);
    }

    void decode(Sequence sequence, int numSteps) {
        for (int i = 0; i < numSteps; i++) {
            batch.sample(addDecode(sequence));
            sequence.take(step(), 0);
        }
    }

    /** What a prompt gives when nothing disturbs it: its first token and {@code numSteps} more. */
    List<Row> undisturbed(int[] prompt, SamplingParams params, int numSteps) {
        var sequence = new Sequence(prompt, params, 5, 35, 36, 37, 38, 39);
        prefill(sequence);
        decode(sequence, numSteps);
        return sequence.rows;
    }

    /** Fills a slot and blocks with another sequence's keys, values and states. */
    void overwrite(int convSlot, int... blocks) {
        int length = blocks.length * ModelLimits.BLOCK_TOKENS;
        for (int from = 0; from < length; from += LIMITS.maxNumBatchedTokens()) {
            var other = new Sequence(prompt(length, 99), params(99), convSlot, blocks);
            other.numComputed = from;
            addChunk(other, Math.min(LIMITS.maxNumBatchedTokens(), length - from));
            step();
        }
    }

    @Override
    public void close() {
        runner.close();
        checkpoint.close();
    }
}
