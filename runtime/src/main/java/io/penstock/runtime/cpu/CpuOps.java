package io.penstock.runtime.cpu;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.LinearWork.Epilogue;
import io.penstock.runtime.model.FeedForward.RouterRule;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.Ops;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Weight;

/** The operations on the CPU, in float32 or with bfloat16 rounding: what every other backend is compared with. */
final class CpuOps implements Ops {
    /** Rows of an item of an operation that treats rows alone. */
    private static final int ITEM_ROWS = 8;

    private final Arithmetic arithmetic;
    private final WorkerPool pool;
    private final RowKernel rowKernel;
    private final CpuMemory memory;
    private final float eps;
    private final int numHeads;
    private final int numKvHeads;
    private final RopeTable rope;
    private final LinearWork linear;
    private final AttentionWork attention;
    private final ShortConvWork shortConv;
    private final RowsWork rows = new RowsWork();

    CpuOps(ModelConfig config, ModelLimits limits, Arithmetic arithmetic, CpuKernels kernels, WorkerPool pool) {
        this.arithmetic = arithmetic;
        this.pool = pool;
        rowKernel = kernels.row();
        memory = new CpuMemory(config, limits);
        eps = config.dimensions().normEps();
        numHeads = config.attention().numHeads();
        numKvHeads = config.attention().numKvHeads();
        rope = new RopeTable(config.attention().ropeTheta(), limits.maxModelLen());
        linear = new LinearWork(pool, kernels, arithmetic);
        int maxTokens = limits.maxNumBatchedTokens();
        attention = new AttentionWork(pool, kernels, arithmetic, memory, numHeads, numKvHeads, maxTokens);
        shortConv = new ShortConvWork(
                pool, kernels, arithmetic, memory, config.hiddenSize(), config.dimensions().convLCache());
    }

    CpuMemory memory() {
        return memory;
    }

    RopeTable rope() {
        return rope;
    }

    @Override
    public void beginStep(ForwardBatch batch) {
        memory.copy(batch);
        memory.blockTables().apply(batch);
        int end = 0;
        for (int s = 0; s < batch.numSeqs(); s++) {
            end = Math.max(end, batch.seqLenK(s));
        }
        rope.ensure(end);
        attention.beginStep(batch);
    }

    @Override
    public void embed(Tensor out, Weight embedTokens, ForwardBatch batch) {
        CpuTensor target = (CpuTensor) out;
        PackedMatrix table = (PackedMatrix) embedTokens;
        for (int t = 0; t < batch.numTokens(); t++) {
            int from = t * target.columns();
            table.copyRow(batch.tokenId(t), target.values(), from);
            rowKernel.store(target.values(), from, target.columns(), arithmetic);
        }
    }

    @Override
    public void rmsNorm(Tensor out, Tensor x, Weight weight) {
        rows.run(RowOp.RMS_NORM, out, x, null, weight, null);
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor out, Tensor update, Weight weight) {
        rows.run(RowOp.ADD_RMS_NORM, out, residual, update, weight, null);
    }

    /** {@code residual += update}. */
    void add(Tensor residual, Tensor update) {
        rows.run(RowOp.ADD, residual, residual, update, null, null);
    }

    @Override
    public void linear(Tensor out, Tensor x, Weight weight) {
        linear.run((CpuTensor) out, (CpuTensor) x, (PackedMatrix) weight, Epilogue.STORE);
    }

    @Override
    public void linearSiluAndMul(Tensor out, Tensor x, Weight gateUp) {
        linear.run((CpuTensor) out, (CpuTensor) x, (PackedMatrix) gateUp, Epilogue.SILU_AND_MUL);
    }

    @Override
    public void logits(Tensor out, Tensor x, Weight embedTokens) {
        linear.run((CpuTensor) out, (CpuTensor) x, (PackedMatrix) embedTokens, Epilogue.KEEP);
    }

    @Override
    public void inProjShortConv(
            Tensor out, Tensor bcx, Tensor x, Weight inProj, Weight conv, int convLayer, ForwardBatch batch) {
        linear(bcx, x, inProj);
        shortConv(out, bcx, conv, convLayer, batch);
    }

    /** The convolution behind the projection; {@code bcx} [tokens, 3 hidden]. */
    void shortConv(Tensor out, Tensor bcx, Weight conv, int convLayer, ForwardBatch batch) {
        shortConv.run((CpuTensor) out, (CpuTensor) bcx, (CpuVector) conv, convLayer, batch);
    }

    @Override
    public void qkNormRopeStore(
            Tensor qkv, Weight qNorm, Weight kNorm, int attentionLayer, ForwardBatch batch) {
        rows.keysValues = memory.keysValues(attentionLayer);
        rows.kNorm = ((CpuVector) kNorm).values();
        rows.run(RowOp.QK_NORM_ROPE_STORE, qkv, qkv, null, qNorm, batch);
    }

    @Override
    public void attention(Tensor out, Tensor qkv, int attentionLayer, ForwardBatch batch) {
        attention.run((CpuTensor) out, (CpuTensor) qkv, memory.keysValues(attentionLayer));
    }

    @Override
    public void addRmsNormRouteTopK(
            Routing routing, Tensor residual, Tensor out, Tensor update, Weight weight, SparseMoe moe) {
        addRmsNorm(residual, out, update, weight);
        routeTopK(routing, out, moe);
    }

    private void routeTopK(Routing routing, Tensor x, SparseMoe moe) {
        CpuRouting target = (CpuRouting) routing;
        CpuTensor scores = target.scores();
        scores.useRows(x.rows());
        linear.run(scores, (CpuTensor) x, (PackedMatrix) moe.gate(), Epilogue.KEEP);
        rows.routing = target;
        rows.moe = moe;
        rows.run(RowOp.ROUTE_TOP_K, null, scores, null, moe.expertBias(), null);
        target.group(x.rows());
    }

    @Override
    public void groupedLinearSiluAndMul(Tensor out, Tensor x, Weight gateUp, Routing routing) {
        linear.runGrouped((CpuTensor) out, (CpuTensor) x, ((PackedExperts) gateUp).experts(), (CpuRouting) routing,
                routing.expertsPerToken(), Epilogue.SILU_AND_MUL);
    }

    @Override
    public void groupedLinear(Tensor out, Tensor x, Weight down, Routing routing) {
        linear.runGrouped((CpuTensor) out, (CpuTensor) x, ((PackedExperts) down).experts(), (CpuRouting) routing,
                1, Epilogue.SCALE);
    }

    @Override
    public void combineAddRmsNorm(Tensor residual, Tensor out, Tensor expertOut, Routing routing, Weight weight) {
        rows.expertsPerToken = routing.expertsPerToken();
        rows.run(RowOp.COMBINE_ADD_RMS_NORM, out, residual, expertOut, weight, null);
    }

    @Override
    public void gatherLast(Tensor out, Tensor x, ForwardBatch batch) {
        CpuTensor target = (CpuTensor) out;
        CpuTensor source = (CpuTensor) x;
        int n = source.columns();
        for (int r = 0; r < batch.numLogits(); r++) {
            System.arraycopy(source.values(), batch.logitToken(r) * n, target.values(), r * n, n);
        }
    }

    private enum RowOp { RMS_NORM, ADD_RMS_NORM, ADD, QK_NORM_ROPE_STORE, COMBINE_ADD_RMS_NORM, ROUTE_TOP_K }

    /** Operations whose rows have nothing to do with each other, a few rows an item. */
    private final class RowsWork implements WorkerPool.Work {
        private RowOp op;
        private CpuTensor out;
        private CpuTensor x;
        private CpuTensor update;
        private float[] weight;
        private float[] kNorm;
        private float[] keysValues;
        private int expertsPerToken;
        private CpuRouting routing;
        private SparseMoe moe;
        private ForwardBatch batch;

        void run(RowOp op, Tensor out, Tensor x, Tensor update, Weight weight, ForwardBatch batch) {
            this.op = op;
            this.out = (CpuTensor) out;
            this.x = (CpuTensor) x;
            this.update = (CpuTensor) update;
            this.weight = weight == null ? null : ((CpuVector) weight).values();
            this.batch = batch;
            pool.run(this, (x.rows() + ITEM_ROWS - 1) / ITEM_ROWS);
        }

        @Override
        public void run(int item, int worker) {
            int end = Math.min((item + 1) * ITEM_ROWS, x.rows());
            for (int row = item * ITEM_ROWS; row < end; row++) {
                int at = row * x.columns();
                switch (op) {
                    case RMS_NORM -> rmsNorm(at);
                    case ADD_RMS_NORM -> {
                        add(update.values(), at);
                        rmsNorm(at);
                    }
                    case ADD -> add(update.values(), at);
                    case QK_NORM_ROPE_STORE -> qkNormRopeStore(row, at);
                    case COMBINE_ADD_RMS_NORM -> {
                        combineExperts(row, at);
                        add(out.values(), at);
                        rmsNorm(at);
                    }
                    case ROUTE_TOP_K -> routeTopK(row, at);
                }
            }
        }

        private void rmsNorm(int at) {
            rowKernel.rmsNorm(out.values(), at, x.values(), at, weight, eps, arithmetic);
        }

        private void add(float[] summand, int at) {
            rowKernel.add(x.values(), at, summand, at, x.columns());
            rowKernel.store(x.values(), at, x.columns(), arithmetic);
        }

        private void routeTopK(int token, int from) {
            RouterRule rule = moe.rule();
            int at = token * rule.expertsPerToken();
            TopKRouter.sigmoid(x.values(), from, rule.numExperts());
            TopKRouter.choose(x.values(), from, weight, rule, routing.expertIds(), at);
            TopKRouter.weigh(x.values(), from, rule, routing.expertIds(), routing.weights(), at);
        }

        private void qkNormRopeStore(int token, int at) {
            float[] values = x.values();
            int dim = RopeTable.HEAD_DIM;
            int table = batch.position(token) * RopeTable.HALF;
            for (int h = 0; h < numHeads + numKvHeads; h++) {
                int head = at + h * dim;
                rowKernel.rmsNorm(values, head, values, head, h < numHeads ? weight : kNorm, eps, arithmetic);
                Elementwise.rope(values, head, rope.cos(), rope.sin(), table, arithmetic);
            }
            int block = batch.slot(token) / ModelLimits.BLOCK_TOKENS;
            int offset = batch.slot(token) % ModelLimits.BLOCK_TOKENS;
            for (int h = 0; h < numKvHeads; h++) {
                int keys = memory.keys(block, h);
                int k = at + (numHeads + h) * dim;
                int v = k + numKvHeads * dim;
                for (int d = 0; d < dim; d++) {
                    keysValues[keys + d * ModelLimits.BLOCK_TOKENS + offset] = values[k + d];
                }
                System.arraycopy(values, v, keysValues, keys + CpuMemory.TILE + offset * dim, dim);
            }
        }

        /** The sum of a token's expert outputs, in its row of {@code out}. */
        private void combineExperts(int token, int at) {
            int n = x.columns();
            float[] sum = out.values();
            rowKernel.sumRows(sum, at, update.values(), token * expertsPerToken * n, expertsPerToken, n);
            rowKernel.store(sum, at, n, arithmetic);
        }
    }
}
