package io.penstock.runtime.cpu;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import java.util.Arrays;

/** A golden model on the CPU with as much room as the tests need, and sequences in it by conv slot. */
final class ModelHarness implements AutoCloseable {
    static final int MAX_SEQS = 66;
    static final int MAX_LEN = 320;
    static final ModelLimits LIMITS = new ModelLimits(
            MAX_SEQS, 1024, MAX_LEN, MAX_SEQS * ModelLimits.blocksFor(MAX_LEN), 8);

    final CpuModel model;
    private final Checkpoint checkpoint;
    private final ForwardBatch batch = new ForwardBatch(LIMITS);

    ModelHarness(String name, Arithmetic arithmetic, CpuKernels kernels, int numThreads, Trace trace) {
        checkpoint = Checkpoint.open(Goldens.path("models/" + name));
        model = new CpuModel(checkpoint, LIMITS, new CpuModel.Options(arithmetic, kernels, numThreads, trace),
                layers -> {});
    }

    static ModelHarness float32(String name) {
        return new ModelHarness(name, Arithmetic.FLOAT32, CpuKernels.vector(), 2, Trace.NONE);
    }

    /** Blocks of a slot, scattered so that a wrong block table shows. */
    static int[] blocks(int slot) {
        int perSeq = LIMITS.maxBlocksPerSeq();
        int[] blocks = new int[perSeq];
        for (int i = 0; i < perSeq; i++) {
            blocks[i] = (i * MAX_SEQS + slot * 7 % MAX_SEQS) % LIMITS.numKvBlocks();
        }
        return blocks;
    }

    ForwardBatch begin() {
        batch.clear();
        return batch;
    }

    /** Adds tokens of a sequence and asks for the logits of all of them, or of the last one. */
    void add(int slot, int[] tokens, int from, int n, boolean allLogits) {
        setBlocks(slot, blocks(slot), from, from + n);
        int seq = batch.addSequence(slot, tokens, from, n, from, blocks(slot));
        for (int t = batch.firstToken(seq); t < batch.firstToken(seq + 1); t++) {
            if (allLogits || t == batch.firstToken(seq + 1) - 1) {
                batch.computeLogits(seq, t);
            }
        }
    }

    /** Puts the blocks of tokens {@code from} to {@code end} into the table of a slot. */
    void setBlocks(int slot, int[] blocks, int from, int end) {
        for (int i = from / ModelLimits.BLOCK_TOKENS; i < ModelLimits.blocksFor(end); i++) {
            batch.setBlock(slot, i, blocks[i]);
        }
    }

    /** Runs what was added; logits [rows asked for][vocab]. */
    float[][] run() {
        float[] logits = model.forward(batch);
        int vocab = model.config().vocabSize();
        float[][] rows = new float[batch.numLogits()][];
        for (int r = 0; r < rows.length; r++) {
            rows[r] = Arrays.copyOfRange(logits, r * vocab, (r + 1) * vocab);
        }
        return rows;
    }

    /** Computes a prompt in chunks; the logits of its last token. */
    float[] prefill(int slot, int[] prompt, int chunk) {
        float[] last = null;
        for (int from = 0; from < prompt.length; from += chunk) {
            begin();
            add(slot, prompt, from, Math.min(chunk, prompt.length - from), false);
            last = run()[0];
        }
        return last;
    }

    /** Logits after each of {@code tokens[from..]}, one token a step. */
    float[][] decode(int slot, int[] tokens, int from) {
        float[][] rows = new float[tokens.length - from][];
        for (int t = from; t < tokens.length; t++) {
            begin();
            add(slot, tokens, t, 1, false);
            rows[t - from] = run()[0];
        }
        return rows;
    }

    static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    @Override
    public void close() {
        model.close();
        checkpoint.close();
    }
}
