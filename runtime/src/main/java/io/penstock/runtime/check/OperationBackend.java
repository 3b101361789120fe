package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.Arrays;

/**
 * The operations of a backend on arrays, rows one after the other. Inputs are bfloat16 values unless said otherwise;
 * so are outputs. Memory (KV, conv states) lives as long as the backend.
 */
public interface OperationBackend extends AutoCloseable {
    /** Opens a backend for a model's shape. */
    interface Factory {
        OperationBackend open(ModelConfig config, ModelLimits limits);
    }

    /** What KV blocks hold before anything is written. */
    float UNWRITTEN = Float.intBitsToFloat(0x3F3F0000);

    /** Begins the batch's step; the block tables [conv slots, max blocks per sequence] after it, -1 if never set. */
    int[] updateBlockTables(ForwardBatch batch);

    float[] embed(float[] embedTokens, ForwardBatch batch);

    /** What a conv slot's sequence sampled last. */
    void setLastSampled(int convSlot, int tokenId);

    float[] rmsNorm(float[] x, float[] weight, boolean inPlace);

    /** The new residual and the norm. */
    float[][] addRmsNorm(float[] residual, float[] update, float[] weight);

    float[] add(float[] residual, float[] update, int columns);

    /** {@code gateUp} [rows, gate | up] is float32. */
    float[] siluAndMul(float[] gateUp, int width);

    /** {@code gateUp} [rows, gate | up] is bfloat16. */
    float[] siluAndMulRounded(float[] gateUp, int width);

    /** {@code weight} [columns, k]. */
    float[] linear(float[] x, float[] weight, int k);

    /** As {@link #linear}, with float32 results. */
    float[] logits(float[] x, float[] weight, int k);

    /** {@code gate} and {@code up} [width, k]. */
    float[] linearSiluAndMul(float[] x, float[] gate, float[] up, int k);

    /**
     * A router.
     *
     * @param gate [experts, columns]
     * @param bias float32 [experts], or null
     */
    record Router(float[] gate, float[] bias, RouterRule rule) {}

    /**
     * Chosen experts, which differ for a token.
     *
     * @param expertIds [tokens, expertsPerToken]
     * @param weights float32 [tokens, expertsPerToken]
     */
    record Choice(int numExperts, int expertsPerToken, int[] expertIds, float[] weights) {
        /** Rows that were routed. */
        public int numTokens() {
            return expertIds.length / expertsPerToken;
        }

        /** That of the last row alone. */
        Choice last() {
            int from = expertIds.length - expertsPerToken;
            return new Choice(numExperts, expertsPerToken, Arrays.copyOfRange(expertIds, from, expertIds.length),
                    Arrays.copyOfRange(weights, from, weights.length));
        }
    }

    /**
     * Tokens that went through a router.
     *
     * @param residual the sum
     * @param out its norm
     * @param sortedPairs pairs {@code token * expertsPerToken + slot} by expert, rising within an expert
     * @param offsets [experts + 1] into these
     */
    record Routed(float[] residual, float[] out, Choice choice, int[] sortedPairs, int[] offsets) {}

    /** A batch's sum, norm, and what the router makes of it. */
    Routed addRmsNormRouteTopK(float[] residual, float[] update, float[] weight, Router router);

    /** The new residual, the norm, and the product [rows, columns] of {@code x} by {@code weight} that was added. */
    float[][] linearAddRmsNorm(float[] residual, float[] x, float[] weight, float[] norm);

    /** The same with a router behind it. */
    Routed linearAddRmsNormRouteTopK(float[] residual, float[] x, float[] weight, float[] norm, Router router);

    /** Rows [pairs, width] of {@code gates} and {@code ups}, each [width, k] an expert. */
    float[] groupedLinearSiluAndMul(float[] x, float[][] gates, float[][] ups, int k, Choice choice);

    /** {@code x} [pairs, k]; {@code downs} [columns, k] an expert. */
    float[] groupedLinear(float[] x, float[][] downs, int k, Choice choice);

    /** The new residual and the norm; {@code expertOut} [rows, expertsPerToken, columns]. */
    float[][] combineAddRmsNorm(float[] residual, float[] expertOut, int expertsPerToken, float[] weight);

    /** The new residual, the norm, and what goes into their sum: {@link #groupedLinear}. */
    float[][] groupedLinearAddRmsNorm(
            float[] residual, float[] x, float[][] downs, Choice choice, float[] weight);

    /**
     * The matrices of experts.
     *
     * @param gates and {@code ups} [width, hidden] an expert
     * @param downs [hidden, width] an expert
     */
    record Experts(float[][] gates, float[][] ups, float[][] downs) {}

    /** The new residual, the norm, and what goes into their sum [tokens, expertsPerToken, hidden]. */
    float[][] expertsAddRmsNorm(float[] residual, float[] x, Experts experts, Choice choice, float[] weight);

    float[] gatherLast(float[] x, ForwardBatch batch);

    /** {@code taps} [3, hidden]; {@code bcx} [tokens, B | C | x]. */
    float[] shortConv(float[] bcx, float[] taps, int convLayer, ForwardBatch batch);

    /** The convolution of {@code x inProjᵀ}; {@code inProj} [B | C | x, hidden], {@code taps} [3, hidden]. */
    float[] inProjShortConv(float[] x, float[] inProj, float[] taps, int convLayer, ForwardBatch batch);

    /** The state [2, hidden] of a slot. */
    float[] convState(int convLayer, int slot);

    void setConvState(int convLayer, int slot, float[] state);

    float[] snapshot(int convLayer, int snapshot);

    void setSnapshot(int convLayer, int snapshot, float[] state);

    /** The rotated queries [tokens, heads 64]. */
    float[] qkNormRopeStore(float[] qkv, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch);

    /** The same of {@code x qkvProjᵀ}; {@code x} [tokens, hidden]. */
    float[] qkvNormRopeStore(
            float[] x, float[] qkvProj, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch);

    /** {@code qkv} [tokens, (heads + 2 kv heads) 64]; the attention [tokens, heads 64] over the blocks as they are. */
    float[] attention(float[] qkv, int attentionLayer, ForwardBatch batch);

    /** Begins the batch's step, of which only the copies matter. */
    void copyBlocks(ForwardBatch batch);

    /** Keys and values [kv heads, 2, 64 tokens, 64] of a KV block. */
    float[] block(int attentionLayer, int block);

    void setBlock(int attentionLayer, int block, float[] keysValues);

    /** Key, then value [2, 64] of a KV slot. */
    float[] keyValue(int attentionLayer, int slot, int kvHead);

    /** Binds a conv slot to a sequence that samples. The model's end tokens are those of the configuration. */
    void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens);

    /**
     * Samples or scores every row of the batch that asks for it, from {@code logits} [rows, vocab], float32. Rows of
     * the vocabulary from {@link #numValidTokens} on are padding. What a sequence produced is known from the batches
     * that {@link #embed} saw.
     */
    StepResult sample(float[] logits, ForwardBatch batch);

    /**
     * {@link #logits} and {@link #sample} as in a step, where the one need not leave logits that the other does not
     * need; {@code x} [rows, k], {@code embedTokens} [vocab, k].
     */
    StepResult sampleFromHead(float[] x, float[] embedTokens, int k, ForwardBatch batch);

    /** The scored rows alone, of a batch that samples nothing. */
    StepResult logprobs(float[] logits, ForwardBatch batch);

    /** Tokens of a vocabulary that are no padding, in checks. */
    static int numValidTokens(int vocab) {
        return vocab - vocab / 40;
    }

    @Override
    void close();
}
