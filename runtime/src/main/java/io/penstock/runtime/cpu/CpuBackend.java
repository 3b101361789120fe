package io.penstock.runtime.cpu;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.checkpoint.DType;
import io.penstock.runtime.checkpoint.FloatTensor;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.sampling.Sampler;
import io.penstock.runtime.sampling.SamplingState;
import java.lang.foreign.Arena;
import java.util.Arrays;

/** The operations' CPU twins on arrays, with bfloat16 rounding: for checks, not for steps. */
public final class CpuBackend implements OperationBackend {
    private final Arena arena = Arena.ofShared();
    private final WorkerPool pool = new WorkerPool(1);
    private final CpuWeights weights = new CpuWeights(arena);
    private final ModelConfig config;
    private final ModelLimits limits;
    private final CpuKernels kernels = CpuKernels.vector();
    private final CpuOps ops;
    private final int[] lastSampled;
    private final SamplingState[] states;
    private final Sampler sampler;

    /** With memory of its own. */
    public CpuBackend(ModelConfig config, ModelLimits limits) {
        this.config = config;
        this.limits = limits;
        lastSampled = new int[limits.numConvSlots()];
        states = new SamplingState[limits.numConvSlots()];
        sampler = new Sampler(config.vocabSize(), OperationBackend.numValidTokens(config.vocabSize()),
                eosTokenIds(config));
        ops = new CpuOps(config, limits, Arithmetic.BFLOAT16, kernels, pool);
        for (int layer = 0; layer < config.numAttentionLayers(); layer++) {
            Arrays.fill(ops.memory().keysValues(layer), UNWRITTEN);
        }
    }

    private static CpuTensor tensor(float[] values, int columns) {
        CpuTensor tensor = output(values.length / columns, columns);
        System.arraycopy(values, 0, tensor.values(), 0, values.length);
        return tensor;
    }

    private static CpuTensor output(int rows, int columns) {
        CpuTensor tensor = new CpuTensor(rows, columns);
        tensor.useRows(rows);
        return tensor;
    }

    private static CpuVector vector(float[] values) {
        return new CpuVector(values, 1, values.length);
    }

    private static FloatTensor data(float[] values, int columns) {
        return new FloatTensor("weight", DType.BF16, values, values.length / columns, columns);
    }

    @Override
    public void setLastSampled(int convSlot, int tokenId) {
        lastSampled[convSlot] = tokenId;
    }

    @Override
    public int[] updateBlockTables(ForwardBatch batch) {
        ops.beginStep(batch);
        int[] tables = new int[limits.numConvSlots() * limits.maxBlocksPerSeq()];
        for (int i = 0; i < tables.length; i++) {
            tables[i] = ops.memory().blockTables().block(i / limits.maxBlocksPerSeq(), i % limits.maxBlocksPerSeq());
        }
        return tables;
    }

    @Override
    public float[] embed(float[] embedTokens, ForwardBatch batch) {
        for (int s = 0; s < batch.numSeqs(); s++) {
            for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
                if (batch.tokenId(t) == ForwardBatch.LAST_SAMPLED) {
                    batch.resolveToken(t, lastSampled[batch.convSlot(s)]);
                }
            }
        }
        CpuTensor out = output(batch.numTokens(), config.hiddenSize());
        ops.embed(out, weights.matrix(data(embedTokens, config.hiddenSize())), batch);
        return out.values();
    }

    @Override
    public float[] rmsNorm(float[] x, float[] weight, boolean inPlace) {
        CpuTensor in = tensor(x, weight.length);
        CpuTensor out = inPlace ? in : output(in.rows(), weight.length);
        ops.rmsNorm(out, in, vector(weight));
        return out.values();
    }

    @Override
    public float[][] addRmsNorm(float[] residual, float[] update, float[] weight) {
        CpuTensor sum = tensor(residual, weight.length);
        CpuTensor out = output(sum.rows(), weight.length);
        ops.addRmsNorm(sum, out, tensor(update, weight.length), vector(weight));
        return new float[][] {sum.values(), out.values()};
    }

    @Override
    public float[] add(float[] residual, float[] update, int columns) {
        CpuTensor sum = tensor(residual, columns);
        ops.add(sum, tensor(update, columns));
        return sum.values();
    }

    @Override
    public float[] siluAndMul(float[] gateUp, int width) {
        float[] out = new float[gateUp.length / 2];
        for (int from = 0; from < out.length; from += width) {
            kernels.row().siluAndMul(
                    out, from, gateUp, 2 * from, gateUp, 2 * from + width, width, new float[width]);
        }
        Elementwise.roundBf16(out, 0, out.length);
        return out;
    }

    @Override
    public float[] siluAndMulRounded(float[] gateUp, int width) {
        return siluAndMul(gateUp, width);
    }

    @Override
    public float[] linear(float[] x, float[] weight, int k) {
        CpuTensor out = output(x.length / k, weight.length / k);
        ops.linear(out, tensor(x, k), weights.matrix(data(weight, k)));
        return out.values();
    }

    @Override
    public float[] logits(float[] x, float[] weight, int k) {
        CpuTensor out = output(x.length / k, weight.length / k);
        ops.logits(out, tensor(x, k), weights.matrix(data(weight, k)));
        return out.values();
    }

    @Override
    public float[] linearSiluAndMul(float[] x, float[] gate, float[] up, int k) {
        CpuTensor out = output(x.length / k, gate.length / k);
        ops.linearSiluAndMul(out, tensor(x, k), weights.gateUp(data(gate, k), data(up, k)));
        return out.values();
    }

    private static CpuRouting routing(Choice choice) {
        CpuRouting routing = new CpuRouting(choice.numTokens(), choice.numExperts(), choice.expertsPerToken());
        System.arraycopy(choice.expertIds(), 0, routing.expertIds(), 0, choice.expertIds().length);
        System.arraycopy(choice.weights(), 0, routing.weights(), 0, choice.weights().length);
        routing.group(choice.numTokens());
        return routing;
    }

    private static FloatTensor[] experts(float[][] matrices, int k) {
        return Arrays.stream(matrices).map(matrix -> data(matrix, k)).toArray(FloatTensor[]::new);
    }

    @Override
    public Routed addRmsNormRouteTopK(float[] residual, float[] update, float[] weight, Router router) {
        int columns = weight.length;
        CpuTensor sum = tensor(residual, columns);
        CpuTensor out = output(sum.rows(), columns);
        CpuRouting routing = routing(sum.rows(), router);
        ops.addRmsNormRouteTopK(routing, sum, out, tensor(update, columns), vector(weight), moe(router, columns));
        return routed(sum, out, routing, router);
    }

    private static CpuRouting routing(int numRows, Router router) {
        return new CpuRouting(numRows, router.rule().numExperts(), router.rule().expertsPerToken());
    }

    private SparseMoe moe(Router router, int columns) {
        return new SparseMoe(weights.matrix(data(router.gate(), columns)),
                router.bias() == null ? null : vector(router.bias()), null, null, router.rule());
    }

    @Override
    public float[][] linearAddRmsNorm(float[] residual, float[] x, float[] weight, float[] norm) {
        int columns = norm.length;
        int k = weight.length / columns;
        CpuTensor sum = tensor(residual, columns);
        CpuTensor out = output(sum.rows(), columns);
        CpuTensor update = output(sum.rows(), columns);
        ops.linearAddRmsNorm(sum, out, update, tensor(x, k), weights.matrix(data(weight, k)), vector(norm));
        return new float[][] {sum.values(), out.values(), update.values()};
    }

    @Override
    public Routed linearAddRmsNormRouteTopK(
            float[] residual, float[] x, float[] weight, float[] norm, Router router) {
        int columns = norm.length;
        int k = weight.length / columns;
        CpuTensor sum = tensor(residual, columns);
        CpuTensor out = output(sum.rows(), columns);
        CpuRouting routing = routing(sum.rows(), router);
        ops.linearAddRmsNormRouteTopK(routing, sum, out, output(sum.rows(), columns), tensor(x, k),
                weights.matrix(data(weight, k)), vector(norm), moe(router, columns));
        return routed(sum, out, routing, router);
    }

    private static Routed routed(CpuTensor sum, CpuTensor out, CpuRouting routing, Router router) {
        int numExperts = router.rule().numExperts();
        int expertsPerToken = router.rule().expertsPerToken();
        int[] sortedPairs = new int[sum.rows() * expertsPerToken];
        Arrays.setAll(sortedPairs, routing::pair);
        int[] offsets = new int[numExperts + 1];
        Arrays.setAll(offsets, routing::offset);
        Choice choice = new Choice(numExperts, expertsPerToken, routing.expertIds(), routing.weights());
        return new Routed(sum.values(), out.values(), choice, sortedPairs, offsets);
    }

    @Override
    public float[] groupedLinearSiluAndMul(float[] x, float[][] gates, float[][] ups, int k, Choice choice) {
        CpuTensor out = output(choice.expertIds().length, gates[0].length / k);
        ops.groupedLinearSiluAndMul(
                out, tensor(x, k), weights.expertsGateUp(experts(gates, k), experts(ups, k)), routing(choice));
        return out.values();
    }

    @Override
    public float[] groupedLinear(float[] x, float[][] downs, int k, Choice choice) {
        CpuTensor out = output(choice.expertIds().length, downs[0].length / k);
        ops.groupedLinear(out, tensor(x, k), weights.experts(experts(downs, k)), routing(choice));
        return out.values();
    }

    @Override
    public float[][] combineAddRmsNorm(float[] residual, float[] expertOut, int expertsPerToken, float[] weight) {
        CpuTensor sum = tensor(residual, weight.length);
        CpuTensor out = output(sum.rows(), weight.length);
        ops.combineAddRmsNorm(sum, out, tensor(expertOut, weight.length),
                new CpuRouting(sum.rows(), expertsPerToken, expertsPerToken), vector(weight));
        return new float[][] {sum.values(), out.values()};
    }

    @Override
    public float[][] groupedLinearAddRmsNorm(
            float[] residual, float[] x, float[][] downs, Choice choice, float[] weight) {
        int hidden = weight.length;
        int k = downs[0].length / hidden;
        CpuTensor sum = tensor(residual, hidden);
        CpuTensor out = output(sum.rows(), hidden);
        CpuTensor outer = output(choice.expertIds().length, hidden);
        ops.groupedLinearAddRmsNorm(sum, out, outer, tensor(x, k), routing(choice), weights.experts(experts(downs, k)),
                vector(weight));
        return new float[][] {sum.values(), out.values(), outer.values()};
    }

    @Override
    public float[][] expertsAddRmsNorm(
            float[] residual, float[] x, Experts experts, Choice choice, float[] weight) {
        int hidden = weight.length;
        int width = experts.gates()[0].length / hidden;
        CpuTensor sum = tensor(residual, hidden);
        CpuTensor out = tensor(x, hidden);
        CpuTensor outer = output(choice.expertIds().length, hidden);
        SparseMoe moe = new SparseMoe(null, null,
                weights.expertsGateUp(experts(experts.gates(), hidden), experts(experts.ups(), hidden)),
                weights.experts(experts(experts.downs(), width)), null);
        ops.expertsAddRmsNorm(sum, out, output(choice.expertIds().length, width), outer, routing(choice), moe,
                vector(weight));
        return new float[][] {sum.values(), out.values(), outer.values()};
    }

    @Override
    public float[] gatherLast(float[] x, ForwardBatch batch) {
        CpuTensor out = output(batch.numLogits(), config.hiddenSize());
        ops.gatherLast(out, tensor(x, config.hiddenSize()), batch);
        return out.values();
    }

    @Override
    public float[] shortConv(float[] bcx, float[] taps, int convLayer, ForwardBatch batch) {
        int hidden = config.hiddenSize();
        CpuTensor out = output(batch.numTokens(), hidden);
        ops.shortConv(out, tensor(bcx, 3 * hidden), new CpuVector(taps, 3, hidden), convLayer, batch);
        return out.values();
    }

    @Override
    public float[] inProjShortConv(float[] x, float[] inProj, float[] taps, int convLayer, ForwardBatch batch) {
        int hidden = config.hiddenSize();
        CpuTensor out = output(batch.numTokens(), hidden);
        ops.inProjShortConv(out, output(batch.numTokens(), 3 * hidden), tensor(x, hidden),
                weights.inProj(data(inProj, hidden)), new CpuVector(taps, 3, hidden), convLayer, batch);
        return out.values();
    }

    @Override
    public float[] convState(int convLayer, int slot) {
        return state(ops.memory().convStates(convLayer), slot);
    }

    @Override
    public void setConvState(int convLayer, int slot, float[] state) {
        System.arraycopy(state, 0, ops.memory().convStates(convLayer), ops.memory().state(slot), state.length);
    }

    @Override
    public float[] snapshot(int convLayer, int snapshot) {
        return state(ops.memory().snapshots(convLayer), snapshot);
    }

    @Override
    public void setSnapshot(int convLayer, int snapshot, float[] state) {
        System.arraycopy(state, 0, ops.memory().snapshots(convLayer), ops.memory().state(snapshot), state.length);
    }

    private float[] state(float[] states, int slot) {
        return Arrays.copyOfRange(states, ops.memory().state(slot), ops.memory().state(slot + 1));
    }

    @Override
    public float[] qkNormRopeStore(
            float[] qkv, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch) {
        int columns = qkv.length / batch.numTokens();
        CpuTensor heads = tensor(qkv, columns);
        ops.rope().ensure(limits.maxModelLen());
        ops.qkNormRopeStore(heads, vector(qNorm), vector(kNorm), attentionLayer, batch);
        int width = config.attention().queryWidth();
        float[] queries = new float[batch.numTokens() * width];
        for (int t = 0; t < batch.numTokens(); t++) {
            System.arraycopy(heads.values(), t * columns, queries, t * width, width);
        }
        return queries;
    }

    @Override
    public float[] qkvNormRopeStore(
            float[] x, float[] qkvProj, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch) {
        float[] qkv = linear(x, qkvProj, x.length / batch.numTokens());
        return qkNormRopeStore(qkv, qNorm, kNorm, attentionLayer, batch);
    }

    @Override
    public float[] attention(float[] qkv, int attentionLayer, ForwardBatch batch) {
        CpuTensor out = output(batch.numTokens(), config.attention().queryWidth());
        ops.beginStep(batch);
        ops.attention(out, tensor(qkv, qkv.length / batch.numTokens()), attentionLayer, batch);
        return out.values();
    }

    @Override
    public void copyBlocks(ForwardBatch batch) {
        ops.beginStep(batch);
    }

    @Override
    public float[] block(int attentionLayer, int block) {
        float[] all = ops.memory().keysValues(attentionLayer);
        float[] copy = new float[config.attention().numKvHeads() * 2 * CpuMemory.TILE];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = all[ops.memory().keys(block, 0) + placeInBlock(i)];
        }
        return copy;
    }

    /** Where a value [kv heads, 2, tokens, dims] lies in a block, whose keys are transposed. */
    private static int placeInBlock(int i) {
        int inTile = i % CpuMemory.TILE;
        boolean isKey = i / CpuMemory.TILE % 2 == 0;
        int token = inTile / RopeTable.HEAD_DIM;
        int dim = inTile % RopeTable.HEAD_DIM;
        return isKey ? i - inTile + dim * ModelLimits.BLOCK_TOKENS + token : i;
    }

    @Override
    public void setBlock(int attentionLayer, int block, float[] keysValues) {
        float[] all = ops.memory().keysValues(attentionLayer);
        for (int i = 0; i < keysValues.length; i++) {
            all[ops.memory().keys(block, 0) + placeInBlock(i)] = keysValues[i];
        }
    }

    @Override
    public float[] keyValue(int attentionLayer, int slot, int kvHead) {
        float[] source = ops.memory().keysValues(attentionLayer);
        int keys = ops.memory().keys(slot / ModelLimits.BLOCK_TOKENS, kvHead);
        int offset = slot % ModelLimits.BLOCK_TOKENS;
        float[] copy = new float[2 * RopeTable.HEAD_DIM];
        for (int d = 0; d < RopeTable.HEAD_DIM; d++) {
            copy[d] = source[keys + d * ModelLimits.BLOCK_TOKENS + offset];
            copy[RopeTable.HEAD_DIM + d] = source[keys + CpuMemory.TILE + offset * RopeTable.HEAD_DIM + d];
        }
        return copy;
    }

    private static int[] eosTokenIds(ModelConfig config) {
        return config.tokens().eosTokenIds().stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public void startSequence(
            int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        if (states[convSlot] == null) {
            states[convSlot] = new SamplingState(config.vocabSize(), limits.maxModelLen());
        }
        states[convSlot].start(params, tokenIds, promptLength, numTokens);
        lastSampled[convSlot] = states[convSlot].lastToken();
    }

    @Override
    public StepResult sample(float[] logits, ForwardBatch batch) {
        StepResult result = new StepResult(limits.maxNumLogits());
        result.reset(batch.numLogits());
        int vocab = config.vocabSize();
        for (int row = 0; row < batch.numLogits(); row++) {
            int slot = batch.logitConvSlot(row);
            if (batch.isSampled(row)) {
                sampler.sample(
                        logits, row * vocab, states[slot], batch.masks(), batch.maskIndex(row), result, row);
                states[slot].append(result.tokenId(row));
                lastSampled[slot] = result.tokenId(row);
            }
        }
        score(logits, batch, result);
        return result;
    }

    @Override
    public StepResult sampleFromHead(float[] x, float[] embedTokens, int k, ForwardBatch batch) {
        return sample(logits(x, embedTokens, k), batch);
    }

    @Override
    public StepResult logprobs(float[] logits, ForwardBatch batch) {
        StepResult result = new StepResult(limits.maxNumLogits());
        result.reset(batch.numLogits());
        score(logits, batch, result);
        return result;
    }

    private void score(float[] logits, ForwardBatch batch, StepResult result) {
        for (int row = 0; row < batch.numLogits(); row++) {
            if (batch.isScored(row)) {
                sampler.score(logits, row * config.vocabSize(), batch.scoreTarget(row), batch.scoreTopLogprobs(row),
                        result, row);
            }
        }
    }

    @Override
    public void close() {
        pool.close();
        arena.close();
    }
}
