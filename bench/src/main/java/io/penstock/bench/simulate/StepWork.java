package io.penstock.bench.simulate;

import io.penstock.runtime.ForwardBatch;

/**
 * What one step has to do, as far as its cost depends on it. Amounts may be fractions: an average step is one too.
 *
 * @param tokens rows that run through all layers
 * @param logits rows that run through the LM head
 * @param decode attention of the sequences with one token
 * @param prefill attention of those with more
 * @param copies memory that is moved before the step computes
 */
public record StepWork(double tokens, double logits, Attention decode, Attention prefill, Copies copies) {
    /** No work. */
    public static final StepWork NONE = new StepWork(0, 0, Attention.NONE, Attention.NONE, Copies.NONE);

    /**
     * Attention of one layer, summed over sequences.
     *
     * @param queries rows
     * @param keys context tokens whose keys and values are read, once a sequence
     * @param pairs of a query and a key that it sees
     */
    public record Attention(double queries, double keys, double pairs) {
        static final Attention NONE = new Attention(0, 0, 0);

        Attention plus(Attention other) {
            return new Attention(queries + other.queries, keys + other.keys, pairs + other.pairs);
        }

        Attention times(double factor) {
            return new Attention(queries * factor, keys * factor, pairs * factor);
        }
    }

    /**
     * Copies of memory.
     *
     * @param blocks KV blocks within the device
     * @param blocksOverBus KV blocks to or from the host
     * @param slotsOverBus conv states to or from the host
     */
    public record Copies(double blocks, double blocksOverBus, double slotsOverBus) {
        static final Copies NONE = new Copies(0, 0, 0);
    }

    /** The work of a planned batch. */
    public static StepWork of(ForwardBatch batch) {
        double numDecodes = 0;
        double decodeKeys = 0;
        double prefillKeys = 0;
        double prefillPairs = 0;
        for (int seq = 0; seq < batch.numSeqs(); seq++) {
            int numTokens = batch.firstToken(seq + 1) - batch.firstToken(seq);
            double keys = batch.seqLenK(seq);
            if (numTokens == 1) {
                numDecodes++;
                decodeKeys += keys;
            } else {
                prefillKeys += keys;
                prefillPairs += numTokens * (keys - numTokens) + numTokens * (numTokens + 1.0) / 2;
            }
        }
        return new StepWork(batch.numTokens(), batch.numLogits(),
                new Attention(numDecodes, decodeKeys, decodeKeys),
                new Attention(batch.numTokens() - numDecodes, prefillKeys, prefillPairs), copies(batch));
    }

    private static Copies copies(ForwardBatch batch) {
        int numBlocks = 0;
        int numBlocksOverBus = 0;
        int numSlotsOverBus = 0;
        for (int i = 0; i < batch.numCopies(); i++) {
            switch (batch.copyKind(i)) {
                case BLOCK -> numBlocks++;
                case BLOCK_TO_HOST, BLOCK_FROM_HOST -> numBlocksOverBus++;
                case SLOT_TO_HOST, SLOT_FROM_HOST -> numSlotsOverBus++;
            }
        }
        return new Copies(numBlocks, numBlocksOverBus, numSlotsOverBus);
    }

    /** {@code numSequences} sequences that decode, each behind {@code contextLength} tokens, its own included. */
    public static StepWork decode(double numSequences, double contextLength) {
        double keys = numSequences * contextLength;
        return new StepWork(numSequences, numSequences, new Attention(numSequences, keys, keys), Attention.NONE,
                Copies.NONE);
    }

    /** Its rows that decode. */
    StepWork decodePart() {
        return new StepWork(decode.queries(), decode.queries(), decode, Attention.NONE, Copies.NONE);
    }

    /** Its other rows, with the logits that are left. */
    StepWork prefillPart() {
        return new StepWork(
                tokens - decode.queries(), logits - decode.queries(), Attention.NONE, prefill, Copies.NONE);
    }

    /** This work and that. Copies are left out: they are no one's plan. */
    StepWork plus(StepWork other) {
        return new StepWork(tokens + other.tokens, logits + other.logits, decode.plus(other.decode),
                prefill.plus(other.prefill), Copies.NONE);
    }

    /** So many times this work, without its copies. */
    StepWork times(double factor) {
        return new StepWork(tokens * factor, logits * factor, decode.times(factor), prefill.times(factor),
                Copies.NONE);
    }
}
