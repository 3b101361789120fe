package io.penstock.runtime.cpu;

import io.penstock.runtime.BlockTables;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.Arrays;

/**
 * Attention over paged keys: for each token and head, keys in tiles of 64 within context chunks of
 * {@link #CONTEXT_CHUNK_TOKENS}, chunks merged in order. The tiles lie at fixed positions of the sequence, so the
 * result does not depend on how the prompt was cut or on what else is in the batch.
 */
final class AttentionWork implements WorkerPool.Work {
    /** Keys whose partial result is complete before it is merged; on a GPU one thread block's share. */
    static final int CONTEXT_CHUNK_TOKENS = 512;

    private static final int TILE_TOKENS = ModelLimits.BLOCK_TOKENS;
    private static final int HEAD_DIM = RopeTable.HEAD_DIM;
    private static final int ROWS = TileKernel.ROWS;

    /** Query tokens of an item. */
    private static final int ITEM_TOKENS = 16;

    /** Exponentials are taken of whole vectors; those of keys that do not count are not looked at. */
    private static final int EXP_STEP = 16;

    private static final float SCALE = 0.125f;

    private final WorkerPool pool;
    private final TileKernel kernel;
    private final RowKernel rowKernel;
    private final Arithmetic arithmetic;
    private final CpuMemory memory;
    private final BlockTables tables;
    private final int numKvHeads;
    private final int groupHeads;
    private final int[] itemSeqs;
    private final int[] itemTokens;
    private final Scratch[] scratch;
    private int numTokenItems;
    private ForwardBatch batch;
    private CpuTensor qkv;
    private CpuTensor out;
    private float[] keysValues;

    AttentionWork(WorkerPool pool, CpuKernels kernels, Arithmetic arithmetic, CpuMemory memory, int numHeads,
            int numKvHeads, int maxTokens) {
        this.pool = pool;
        kernel = kernels.tile();
        rowKernel = kernels.row();
        this.arithmetic = arithmetic;
        this.memory = memory;
        tables = memory.blockTables();
        this.numKvHeads = numKvHeads;
        this.groupHeads = numHeads / numKvHeads;
        itemSeqs = new int[maxTokens];
        itemTokens = new int[maxTokens];
        scratch = new Scratch[pool.numWorkers()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch();
        }
    }

    /** Four query vectors on their way through the context. */
    private static final class Scratch {
        final int[] queries = new int[ROWS];
        final int[] positions = new int[ROWS];
        final int[] numValid = new int[ROWS];
        final int[] rows = {0, TILE_TOKENS, 2 * TILE_TOKENS, 3 * TILE_TOKENS};
        final float[] scores = new float[ROWS * TILE_TOKENS];
        final float[] max = new float[ROWS];
        final float[] sum = new float[ROWS];
        final float[] values = new float[ROWS * HEAD_DIM];
        final float[] totalMax = new float[ROWS];
        final float[] totalSum = new float[ROWS];
        final float[] totalValues = new float[ROWS * HEAD_DIM];
    }

    /** Cuts a step's tokens into items; once a step. */
    void beginStep(ForwardBatch batch) {
        this.batch = batch;
        numTokenItems = 0;
        for (int s = 0; s < batch.numSeqs(); s++) {
            for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t += ITEM_TOKENS) {
                itemSeqs[numTokenItems] = s;
                itemTokens[numTokenItems] = t;
                numTokenItems++;
            }
        }
    }

    void run(CpuTensor out, CpuTensor qkv, float[] keysValues) {
        this.out = out;
        this.qkv = qkv;
        this.keysValues = keysValues;
        pool.run(this, numTokenItems * numKvHeads);
    }

    @Override
    public void run(int item, int worker) {
        int kvHead = item % numKvHeads;
        int seq = itemSeqs[item / numKvHeads];
        int firstToken = itemTokens[item / numKvHeads];
        int endToken = Math.min(firstToken + ITEM_TOKENS, batch.firstToken(seq + 1));
        int numQueries = (endToken - firstToken) * groupHeads;
        Scratch s = scratch[worker];
        for (int q = 0; q < numQueries; q += ROWS) {
            for (int r = 0; r < ROWS; r++) {
                int query = Math.min(q + r, numQueries - 1);
                int token = firstToken + query / groupHeads;
                s.queries[r] = token * qkv.columns() + (kvHead * groupHeads + query % groupHeads) * HEAD_DIM;
                s.positions[r] = batch.position(token);
            }
            attend(s, seq, kvHead);
            for (int r = 0; r < Math.min(ROWS, numQueries - q); r++) {
                int query = q + r;
                int token = firstToken + query / groupHeads;
                int at = token * out.columns() + (kvHead * groupHeads + query % groupHeads) * HEAD_DIM;
                for (int d = 0; d < HEAD_DIM; d++) {
                    out.values()[at + d] =
                            arithmetic.store(s.totalValues[r * HEAD_DIM + d] / s.totalSum[r]);
                }
            }
        }
    }

    private void attend(Scratch s, int seq, int kvHead) {
        int convSlot = batch.convSlot(seq);
        int end = s.positions[ROWS - 1] + 1;
        for (int chunk = 0; chunk < end; chunk += CONTEXT_CHUNK_TOKENS) {
            Arrays.fill(s.max, Float.NEGATIVE_INFINITY);
            Arrays.fill(s.sum, 0);
            Arrays.fill(s.values, 0);
            int endOfChunk = Math.min(chunk + CONTEXT_CHUNK_TOKENS, end);
            for (int tile = chunk; tile < endOfChunk; tile += TILE_TOKENS) {
                tile(s, tile, memory.keys(tables.block(convSlot, tile / TILE_TOKENS), kvHead));
            }
            merge(s, chunk);
        }
    }

    private void tile(Scratch s, int firstKey, int keys) {
        Arrays.fill(s.scores, 0);
        kernel.multiplyFour(qkv.values(), s.queries, keysValues, keys, HEAD_DIM, s.scores);
        int common = TILE_TOKENS;
        for (int r = 0; r < ROWS; r++) {
            s.numValid[r] = Math.clamp(s.positions[r] + 1 - firstKey, 0, TILE_TOKENS);
            common = Math.min(common, s.numValid[r]);
            if (s.numValid[r] > 0) {
                probabilities(s, r, s.numValid[r]);
            }
        }
        int values = keys + CpuMemory.TILE;
        kernel.multiplyFour(s.scores, s.rows, keysValues, values, common, s.values);
        for (int r = 0; r < ROWS; r++) {
            if (s.numValid[r] > common) {
                kernel.multiplyOne(s.scores, s.rows[r], keysValues, values, common, s.numValid[r], s.values,
                        r * HEAD_DIM);
            }
        }
    }

    /** Turns a row's scores into unnormalised probabilities and scales what was summed up before to the new maximum. */
    private void probabilities(Scratch s, int r, int numValid) {
        int from = r * TILE_TOKENS;
        float max = s.max[r];
        for (int i = from; i < from + numValid; i++) {
            s.scores[i] *= SCALE;
            max = Math.max(max, s.scores[i]);
        }
        float correction = Elementwise.exp(s.max[r] - max);
        rowKernel.expMinus(s.scores, from, numValid + EXP_STEP - 1 & -EXP_STEP, max);
        float sum = 0;
        for (int i = from; i < from + numValid; i++) {
            sum += s.scores[i];
            s.scores[i] = arithmetic.store(s.scores[i]);
        }
        s.max[r] = max;
        s.sum[r] = Math.fma(s.sum[r], correction, sum);
        for (int d = r * HEAD_DIM; d < (r + 1) * HEAD_DIM; d++) {
            s.values[d] *= correction;
        }
    }

    private void merge(Scratch s, int chunk) {
        for (int r = 0; r < ROWS; r++) {
            if (s.positions[r] < chunk) {
                continue;
            }
            int from = r * HEAD_DIM;
            if (chunk == 0) {
                s.totalMax[r] = s.max[r];
                s.totalSum[r] = s.sum[r];
                System.arraycopy(s.values, from, s.totalValues, from, HEAD_DIM);
                continue;
            }
            float max = Math.max(s.totalMax[r], s.max[r]);
            float before = Elementwise.exp(s.totalMax[r] - max);
            float here = Elementwise.exp(s.max[r] - max);
            s.totalMax[r] = max;
            s.totalSum[r] = Math.fma(s.totalSum[r], before, s.sum[r] * here);
            for (int d = from; d < from + HEAD_DIM; d++) {
                s.totalValues[d] = Math.fma(s.totalValues[d], before, s.values[d] * here);
            }
        }
    }
}
