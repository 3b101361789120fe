package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of ragged batches over scattered and shared blocks, and a token's bits however it got into a batch. What
 * lies in a block behind the context is no number.
 */
final class AttentionCases {
    private static final String NAME = "attention";
    private static final int DIM = 64;
    private static final int BLOCK_TOKENS = ModelLimits.BLOCK_TOKENS;
    private static final int LAYER = 1;

    /**
     * A probability that is rounded the other way moves all 64 values of its head a little, so those that differ come
     * together. In 64 batches over contexts of 16 to 131,072 keys, on the emulator, at most 10 of 1,536 values differed
     * (0.7 %), 8 at 16,384 keys, 7 at 512; {@link Closeness} allows three times that share, and this many more.
     */
    private static final int IN_ONE_ROW = 16;

    private static final int CHUNK_TOKENS = 512;
    private static final int MAX_SEQS = 12;

    private AttentionCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int group = 1; group <= 8; group++) {
            int numHeads = group * (group % 3 + 1);
            int numKvHeads = group % 3 + 1;
            all.add(OperationCase.small(NAME, "group of " + group, trial -> check(trial, numHeads, numKvHeads,
                    new int[][] {{1, 0}, {37, 0}, {1, 1}, {1, 62}, {2, 63}, {1, 63}, {1, 64}, {18, 60}, {1, 129}})));
        }
        all.add(OperationCase.small(NAME, "decode of several chunks",
                trial -> check(trial, 4, 1, decode(511, 512, 513, 1025))));
        all.add(OperationCase.small(NAME, "prefill of several chunks",
                trial -> check(trial, 8, 2, new int[][] {{5, 509}, {40, 1000}})));
        all.add(OperationCase.small(NAME, "mixed, with shared blocks", trial -> check(trial, 6, 2,
                new int[][] {{1, 0}, {3, 126}, {1, 700}, {70, 3}, {1, 63}, {2, 640}, {33, 64}})));
        all.add(OperationCase.small(NAME, "the same bits in any chunks", AttentionCases::sameBitsInAnyChunks));
        all.add(OperationCase.small(NAME, "one token of 131072", trial -> check(trial, 2, 1, decode(131_072))));
        all.add(OperationCase.small(NAME, "two tokens of 100001",
                trial -> check(trial, 1, 1, new int[][] {{2, 99_999}})));
        all.add(OperationCase.large(NAME, "decode of 12, 32 heads",
                trial -> check(trial, 32, 8, decode(1000, 1, 4097, 64, 333, 2048, 777, 512, 1500, 5, 2049, 3000))));
        all.add(OperationCase.large(NAME, "prefill of 300, 32 heads",
                trial -> check(trial, 32, 8, new int[][] {{260, 0}, {40, 1500}})));
        return all;
    }

    /** One new token of each context length. */
    private static int[][] decode(int... lengths) {
        int[][] sequences = new int[lengths.length][];
        for (int s = 0; s < lengths.length; s++) {
            sequences[s] = new int[] {1, lengths[s] - 1};
        }
        return sequences;
    }

    /** Sequences with their blocks; of a very long one the same few blocks come again and again. */
    private static final class Context {
        private static final int MAX_OWN_BLOCKS = 70;

        final int numKvHeads;
        final ModelLimits limits;
        final int[][] blocks;
        final float[][] contents;

        /** @param lengths of the contexts; the second block of the first two sequences is shared where both are full */
        Context(Samples samples, int numKvHeads, int... lengths) {
            this.numKvHeads = numKvHeads;
            int longest = Arrays.stream(lengths).max().orElseThrow();
            int numBlocks = Arrays.stream(lengths)
                    .map(length -> Math.min(MAX_OWN_BLOCKS, ModelLimits.blocksFor(length)))
                    .sum() + 2;
            limits = new ModelLimits(MAX_SEQS, 800, longest, numBlocks, 0);
            blocks = new int[lengths.length][];
            contents = new float[numBlocks][];
            int[] order = samples.permutation(numBlocks);
            int taken = 0;
            for (int s = 0; s < lengths.length; s++) {
                blocks[s] = new int[ModelLimits.blocksFor(lengths[s])];
                int own = Math.min(MAX_OWN_BLOCKS, blocks[s].length);
                for (int i = 0; i < blocks[s].length; i++) {
                    boolean isLast = i == blocks[s].length - 1;
                    int mine = isLast ? own - 1 : i % Math.max(1, own - 1);
                    blocks[s][i] = order[taken + mine];
                    int valid = isLast ? lengths[s] - i * BLOCK_TOKENS : BLOCK_TOKENS;
                    if (contents[blocks[s][i]] == null) {
                        contents[blocks[s][i]] = content(samples, valid);
                    }
                }
                taken += own;
            }
            for (int s = 1; s < lengths.length; s++) {
                if (lengths[s] > BLOCK_TOKENS && lengths[s - 1] > BLOCK_TOKENS) {
                    blocks[s][0] = blocks[s - 1][0];
                }
            }
        }

        private float[] content(Samples samples, int numValid) {
            float[] content = samples.normal(numKvHeads * 2 * BLOCK_TOKENS * DIM, 1);
            for (int half = 0; half < 2 * numKvHeads; half++) {
                int from = half * BLOCK_TOKENS * DIM;
                Arrays.fill(content, from + numValid * DIM, from + BLOCK_TOKENS * DIM, Float.NaN);
            }
            return content;
        }

        /** Where a position's key starts in its block's content; its value follows 4096 later. */
        int at(int position, int kvHead) {
            return (kvHead * 2 * BLOCK_TOKENS + position % BLOCK_TOKENS) * DIM;
        }

        float[] content(int seq, int position) {
            return contents[blocks[seq][position / BLOCK_TOKENS]];
        }

        void write(OperationBackend backend) {
            for (int block = 0; block < contents.length; block++) {
                if (contents[block] != null) {
                    backend.setBlock(LAYER, block, contents[block]);
                }
            }
        }

        static int slot(int seq) {
            return (5 * seq + 3) % MAX_SEQS;
        }

        /** A batch of these new and computed tokens of each sequence; no tokens: not in it. */
        ForwardBatch batch(int[][] sequences) {
            ForwardBatch batch = new ForwardBatch(limits);
            int[] ids = new int[limits.maxNumBatchedTokens()];
            for (int s = 0; s < sequences.length; s++) {
                if (sequences[s][0] > 0) {
                    batch.addSequence(slot(s), ids, 0, sequences[s][0], sequences[s][1], blocks[s]);
                    for (int i = 0; i < blocks[s].length; i++) {
                        batch.setBlock(slot(s), i, blocks[s][i]);
                    }
                }
            }
            return batch;
        }
    }

    private static Context context(Samples samples, int numKvHeads, int[][] sequences) {
        int[] lengths = new int[sequences.length];
        Arrays.setAll(lengths, s -> sequences[s][0] + sequences[s][1]);
        return new Context(samples, numKvHeads, lengths);
    }

    private static void check(Trial trial, int numHeads, int numKvHeads, int[][] sequences) {
        Samples samples = trial.samples();
        Context context = context(samples, numKvHeads, sequences);
        ForwardBatch batch = context.batch(sequences);
        ModelConfig config = Samples.config(64, 64, numHeads, numKvHeads);
        float[] qkv = samples.normal(batch.numTokens() * (numHeads + 2 * numKvHeads) * DIM, 1);
        try (OperationBackend backend = trial.open(config, context.limits);
                OperationBackend twin = trial.twin(config, context.limits)) {
            context.write(backend);
            context.write(twin);
            float[] actual = backend.attention(qkv, LAYER, batch);
            Reference reference = Reference.of(context, qkv, batch, numHeads);
            int columns = numHeads * DIM;
            trial.closeness().requireClose(NAME, columns, reference.expected, reference.bounds, actual);
            trial.closeness().requireTwin(NAME, columns, twin.attention(qkv, LAYER, batch), actual, IN_ONE_ROW);
            trial.closeness().requireSame("again", columns, actual, backend.attention(qkv, LAYER, batch));
        }
    }

    /** Attention in float64, and how far off it may be. */
    private record Reference(double[] expected, double[] bounds, double[] scores) {
        static Reference of(Context context, float[] qkv, ForwardBatch batch, int numHeads) {
            int width = numHeads * DIM;
            Reference reference = new Reference(new double[batch.numTokens() * width],
                    new double[batch.numTokens() * width], new double[context.limits.maxModelLen()]);
            int columns = qkv.length / batch.numTokens();
            for (int s = 0; s < batch.numSeqs(); s++) {
                for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
                    for (int h = 0; h < numHeads; h++) {
                        int kvHead = h / (numHeads / context.numKvHeads);
                        reference.head(context, s, kvHead, batch.position(t) + 1, qkv, t * columns + h * DIM,
                                t * width + h * DIM);
                    }
                }
            }
            return reference;
        }

        private void head(
                Context context, int seq, int kvHead, int numKeys, float[] qkv, int from, int to) {
            double max = Double.NEGATIVE_INFINITY;
            double largestAbsolutes = 0;
            for (int k = 0; k < numKeys; k++) {
                float[] content = context.content(seq, k);
                int at = context.at(k, kvHead);
                double score = 0;
                double absolutes = 0;
                for (int d = 0; d < DIM; d++) {
                    double product = (double) qkv[from + d] * content[at + d];
                    score += product;
                    absolutes += Math.abs(product);
                }
                scores[k] = score / 8;
                max = Math.max(max, scores[k]);
                largestAbsolutes = Math.max(largestAbsolutes, absolutes);
            }
            double sum = 0;
            double[] values = new double[DIM];
            double[] absolutes = new double[DIM];
            double[] squares = new double[DIM];
            for (int k = 0; k < numKeys; k++) {
                double p = Math.exp(scores[k] - max);
                float[] content = context.content(seq, k);
                int at = context.at(k, kvHead) + BLOCK_TOKENS * DIM;
                sum += p;
                for (int d = 0; d < DIM; d++) {
                    values[d] += p * content[at + d];
                    absolutes[d] += p * Math.abs(content[at + d]);
                    squares[d] += p * p * content[at + d] * content[at + d];
                }
            }
            double exponentError = Closeness.sumError(DIM, largestAbsolutes) / 8 + Math.abs(max) * 0x1p-22 + 0x1p-21;
            double sumError = Closeness.sumError(Math.min(numKeys, CHUNK_TOKENS), 1)
                    + numKeys / CHUNK_TOKENS * 0x1p-22;
            for (int d = 0; d < DIM; d++) {
                double mean = absolutes[d] / sum;
                // Exponentials are rounded each for itself: the errors of many add up like random steps.
                double rounding = Math.min(mean, 4 * Math.sqrt(squares[d]) / sum) * Closeness.BF16;
                expected[to + d] = values[d] / sum;
                bounds[to + d] = rounding + mean * (2 * exponentError + 2 * sumError)
                        + Closeness.BF16 * Math.abs(expected[to + d]);
            }
        }
    }

    /** A prompt at once, in chunks of many sizes, alone and beside others, and token by token. */
    private static void sameBitsInAnyChunks(Trial trial) {
        int numHeads = 3;
        int length = 580;
        int first = 500;
        Samples samples = trial.samples();
        Context context = new Context(samples, 1, length, 90, 650);
        int columns = (numHeads + 2) * DIM;
        int width = numHeads * DIM;
        float[] qkv = samples.normal(length * columns, 1);
        float[] others = samples.normal(200 * columns, 1);
        try (OperationBackend backend = trial.open(Samples.config(64, 64, numHeads, 1), context.limits)) {
            context.write(backend);
            float[] whole = backend.attention(qkv, LAYER, context.batch(new int[][] {{length, 0}}));
            for (int chunk : new int[] {1, 2, 11, 63}) {
                for (int from = first; from < length; from += Math.max(chunk, 9)) {
                    int count = Math.min(chunk, length - from);
                    int beside = chunk % 3 * 10;
                    float[] rows = Arrays.copyOf(
                            Arrays.copyOfRange(qkv, from * columns, (from + count) * columns),
                            (count + beside + 1) * columns);
                    System.arraycopy(others, 0, rows, count * columns, (beside + 1) * columns);
                    float[] out = backend.attention(rows, LAYER, context.batch(
                            new int[][] {{count, from}, {beside, 90 - beside}, {1, 649}}));
                    trial.closeness().requireSame(count + " tokens from " + from, width,
                            Arrays.copyOfRange(whole, from * width, (from + count) * width),
                            Arrays.copyOf(out, count * width));
                }
            }
        }
    }
}
