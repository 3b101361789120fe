package io.penstock.runtime.generate;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Drives a runner for one request: the prompt in chunks, then all choices a token a step. Choice {@code i} has conv
 * slot {@code i} and a fixed range of KV blocks, so the runner's limits say how many choices and tokens fit.
 */
public final class Generator {
    private final ModelRunner runner;
    private final int[] eosTokenIds;
    private final ForwardBatch batch;
    private final int[][] blocks;

    public Generator(ModelRunner runner, int[] eosTokenIds) {
        this.runner = runner;
        this.eosTokenIds = eosTokenIds.clone();
        ModelLimits limits = runner.limits();
        batch = new ForwardBatch(limits);
        int perChoice = Math.min(limits.maxBlocksPerSeq(), limits.numKvBlocks() / limits.maxNumSeqs());
        blocks = new int[limits.maxNumSeqs()][perChoice];
        for (int choice = 0; choice < blocks.length; choice++) {
            for (int i = 0; i < perChoice; i++) {
                blocks[choice][i] = choice * perChoice + i;
            }
        }
    }

    /** One choice while it runs. */
    private static final class Sequence {
        final int choice;
        final SamplingParams params;
        final int[] endTokenIds;
        int numComputed;
        int numOutput;
        FinishReason finished;

        Sequence(int choice, SamplingParams params, int[] endTokenIds) {
            this.choice = choice;
            this.params = params;
            this.endTokenIds = endTokenIds;
        }

        boolean isEnd(int tokenId) {
            for (int end : endTokenIds) {
                if (end == tokenId) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * Generates all choices until each has ended.
     *
     * @param prompt token ids; at least one
     * @param choices sampling parameters, one a choice; at most the runner's {@code maxNumSeqs}
     * @throws InputException if the prompt does not fit the context
     */
    public void generate(int[] prompt, List<SamplingParams> choices, TokenSink sink) {
        requireFits(prompt, choices.size());
        Sequence[] sequences = new Sequence[choices.size()];
        for (int i = 0; i < sequences.length; i++) {
            sequences[i] = new Sequence(i, choices.get(i), endTokenIds(choices.get(i)));
            runner.startSequence(i, choices.get(i), prompt, prompt.length, prompt.length);
        }
        for (Sequence sequence : sequences) {
            prefill(sequence, prompt, sink);
        }
        while (decode(sequences, sink)) {
            continue;
        }
    }

    private void requireFits(int[] prompt, int numChoices) {
        ModelLimits limits = runner.limits();
        int room = Math.min(limits.maxModelLen(), blocks[0].length * ModelLimits.BLOCK_TOKENS);
        if (prompt.length == 0) {
            throw new InputException("the prompt is empty: give at least one token");
        }
        if (prompt.length >= room) {
            throw new InputException("the prompt has " + prompt.length + " tokens, but the context holds " + room
                    + ": shorten it or raise --max-model-len");
        }
        if (numChoices < 1 || numChoices > limits.maxNumSeqs()) {
            throw new InputException("n must be between 1 and " + limits.maxNumSeqs() + ", not " + numChoices);
        }
    }

    private void prefill(Sequence sequence, int[] prompt, TokenSink sink) {
        int chunk = runner.limits().maxNumBatchedTokens();
        while (sequence.numComputed < prompt.length) {
            int numTokens = Math.min(chunk, prompt.length - sequence.numComputed);
            batch.clear();
            setBlocks(sequence, numTokens);
            int seq = batch.addSequence(sequence.choice, prompt, sequence.numComputed, numTokens,
                    sequence.numComputed, blocks[sequence.choice]);
            sequence.numComputed += numTokens;
            if (sequence.numComputed == prompt.length) {
                batch.sample(seq);
            }
            runner.launch(batch);
            StepResult result = runner.await();
            if (batch.numLogits() > 0) {
                take(sequence, result, 0, sink);
            }
        }
    }

    /** One token for each running choice. */
    private boolean decode(Sequence[] sequences, TokenSink sink) {
        int maxRows = runner.limits().maxNumBatchedTokens();
        boolean any = false;
        for (int from = 0; from < sequences.length; from += maxRows) {
            batch.clear();
            int end = Math.min(from + maxRows, sequences.length);
            for (int i = from; i < end; i++) {
                Sequence sequence = sequences[i];
                if (sequence.finished == null) {
                    setBlocks(sequence, 1);
                    batch.sample(batch.addDecode(
                            i, ForwardBatch.LAST_SAMPLED, sequence.numComputed, slot(sequence)));
                    sequence.numComputed++;
                }
            }
            if (batch.numSeqs() > 0) {
                any = true;
                runner.launch(batch);
                StepResult result = runner.await();
                for (int row = 0; row < batch.numLogits(); row++) {
                    take(sequences[batch.convSlot(batch.logitSeq(row))], result, row, sink);
                }
            }
        }
        return any;
    }

    /** Tells the runner of the blocks that the next {@code numTokens} tokens are the first in. */
    private void setBlocks(Sequence sequence, int numTokens) {
        int end = ModelLimits.blocksFor(sequence.numComputed + numTokens);
        for (int i = ModelLimits.blocksFor(sequence.numComputed); i < end; i++) {
            batch.setBlock(sequence.choice, i, blocks[sequence.choice][i]);
        }
    }

    private int slot(Sequence sequence) {
        int block = blocks[sequence.choice][sequence.numComputed / ModelLimits.BLOCK_TOKENS];
        return block * ModelLimits.BLOCK_TOKENS + sequence.numComputed % ModelLimits.BLOCK_TOKENS;
    }

    private void take(Sequence sequence, StepResult result, int row, TokenSink sink) {
        int token = result.tokenId(row);
        sequence.numOutput++;
        if (sequence.isEnd(token)) {
            sequence.finished = FinishReason.STOP;
        } else {
            sequence.finished = sink.token(sequence.choice, token, result, row);
            boolean isFull = sequence.numComputed >= Math.min(
                    runner.limits().maxModelLen(), blocks[0].length * ModelLimits.BLOCK_TOKENS);
            if (sequence.finished == null && (sequence.numOutput >= sequence.params.stop().maxTokens() || isFull)) {
                sequence.finished = FinishReason.LENGTH;
            }
        }
        if (sequence.finished != null) {
            sink.finished(sequence.choice, sequence.finished);
        }
    }

    private int[] endTokenIds(SamplingParams params) {
        IntStream stopIds = params.stop().stopTokenIds().stream().mapToInt(Integer::intValue);
        return params.stop().ignoreEos()
                ? stopIds.toArray() : IntStream.concat(Arrays.stream(eosTokenIds), stopIds).toArray();
    }
}
