package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.AddKernel;
import io.penstock.kernels.AddRmsNormKernel;
import io.penstock.kernels.AttentionKernel;
import io.penstock.kernels.EmbedKernel;
import io.penstock.kernels.GatherLastKernel;
import io.penstock.kernels.InProjShortConvKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.kernels.QkvNormRopeStoreKernel;
import io.penstock.kernels.RmsNormKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.kernels.SiluAndMulKernel;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.UpdateBlockTablesKernel;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.LayerOperator;
import io.penstock.runtime.model.Ops;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Weight;

/**
 * The operations on a device: bfloat16 in and out, float32 sums, rounded where {@code Arithmetic.BFLOAT16} says. Every
 * method queues its launches on the one stream and returns. They are those of a whole step, or of one of its halves,
 * whose rows are numbered from there.
 */
final class CudaOps implements Ops, AutoCloseable {
    private final Stream stream;
    private final StepMemory stepMemory;
    private final BatchPart part;
    private final CudaMemory memory;
    private final DeviceBatch batch;
    private final CudaAttention attention;
    private final AttentionKernel.StepAddresses[] attentionSteps;
    private final UpdateBlockTablesKernel updateBlockTables;
    private final EmbedKernel embed;
    private final RmsNormKernel rmsNorm;
    private final AddRmsNormKernel addRmsNorm;
    private final AddKernel add;
    private final WeightFormat format;
    private final LinearKernel linear;
    private final CudaNormedProducts normedProducts;
    private LinearKernel.SampledRows[] sampledRows;
    private final SiluAndMulKernel siluAndMul;
    private final ShortConvKernel shortConv;
    private final InProjShortConvKernel inProjShortConv;
    private final QkNormRopeStoreKernel qkNormRopeStore;
    private final QkvNormRopeStoreKernel qkvNormRopeStore;
    private final CudaExperts experts;
    private final GatherLastKernel gatherLast;
    private final QkNormRopeStoreKernel.TokenAddresses[] tokens;
    private final EmbedKernel.TokenAddresses[] embedded;
    private final ShortConvKernel.LayerAddresses[] convLayers;
    private final QkNormRopeStoreKernel.LayerAddresses[] attentionLayers;

    /**
     * Loads the kernels; what they work on is the caller's, who closes it after this.
     *
     * @param device has as many multiprocessors as launches are to use
     * @param part of which the halves have operations of layers alone
     * @param tiles how products on tiles are cut
     */
    CudaOps(Device device, Stream stream, StepMemory stepMemory, BatchPart part, TileTable tiles) {
        ModelConfig config = stepMemory.config();
        if (config.dimensions().convLCache() != ShortConvKernel.TAPS) {
            throw new IllegalArgumentException("convolution of " + config.dimensions().convLCache()
                    + " taps: the kernel has " + ShortConvKernel.TAPS);
        }
        this.stream = stream;
        this.stepMemory = stepMemory;
        this.part = part;
        int hidden = config.hiddenSize();
        float eps = config.dimensions().normEps();
        memory = stepMemory.sequences();
        batch = stepMemory.batch();
        attention = stepMemory.attention(device, part);
        updateBlockTables = new UpdateBlockTablesKernel(device, stepMemory.limits().maxBlocksPerSeq());
        embed = new EmbedKernel(device, hidden);
        rmsNorm = new RmsNormKernel(device, hidden, eps);
        addRmsNorm = new AddRmsNormKernel(device, hidden, eps);
        add = new AddKernel(device);
        format = WeightFormat.of(device.properties());
        linear = LinearKernel.of(device, format, tiles);
        normedProducts = LinearKernel.hasRowsBehind(format) ? new CudaNormedProducts(
                stream, linear, eps, stepMemory.progress(part), 2 * config.numLayers()) : null;
        siluAndMul = new SiluAndMulKernel(device);
        boolean hasConv = config.numConvLayers() > 0;
        shortConv = hasConv ? new ShortConvKernel(device, hidden) : null;
        inProjShortConv = hasConv ? InProjShortConvKernel.of(device, format, hidden) : null;
        qkNormRopeStore = new QkNormRopeStoreKernel(
                device, config.attention().numHeads(), config.attention().numKvHeads(), eps);
        qkvNormRopeStore = format == WeightFormat.TILES ? new QkvNormRopeStoreKernel(device, tiles,
                config.attention().numHeads(), config.attention().numKvHeads(), hidden, eps) : null;
        experts = config.moe().numExperts() == 0
                ? null : new CudaExperts(device, stream, config, batch.numRealTokens(part));
        gatherLast = new GatherLastKernel(device, hidden);
        int numLayouts = batch.numLayouts();
        attentionSteps = new AttentionKernel.StepAddresses[numLayouts];
        tokens = new QkNormRopeStoreKernel.TokenAddresses[numLayouts];
        embedded = new EmbedKernel.TokenAddresses[numLayouts];
        for (int i = 0; i < numLayouts; i++) {
            batch.use(i);
            attentionSteps[i] = attention.addresses(memory.blockTables().address(), batch.planAddress(part));
            tokens[i] = new QkNormRopeStoreKernel.TokenAddresses(
                    memory.angles(), batch.positions(part), batch.slotMapping(part));
            embedded[i] = new EmbedKernel.TokenAddresses(batch.tokenIds(), memory.lastSampled().address(),
                    batch.slotMapping(part), memory.blockTokens().address());
        }
        convLayers = new ShortConvKernel.LayerAddresses[config.numConvLayers()];
        attentionLayers = new QkNormRopeStoreKernel.LayerAddresses[config.numAttentionLayers()];
    }

    CudaMemory memory() {
        return memory;
    }

    DeviceBatch batch() {
        return batch;
    }

    @Override
    public void beginStep(ForwardBatch step) {
        beginStep(step, step.numTokens());
    }

    /** Begins a decode step of {@code numRows} rows, of which those behind the batch's tokens are padding. */
    void beginStep(ForwardBatch step, int numRows) {
        assert part == BatchPart.WHOLE : "a step begins as a whole";
        batch.upload(stream, step, numRows);
        stepMemory.copies().run(stream, step, batch);
        updateBlockTables.launch(stream, memory.blockTables().address(), batch.blockUpdates());
    }

    /** Of the weights that have kernels for several; the device decides. */
    WeightFormat format() {
        return format;
    }

    static long address(Tensor tensor) {
        return ((DeviceTensor) tensor).address();
    }

    static long address(Weight weight) {
        return ((DeviceWeight) weight).address();
    }

    @Override
    public void embed(Tensor out, Weight embedTokens, ForwardBatch step) {
        embed.launch(stream, address(out), address(embedTokens), ((DeviceWeight) embedTokens).format(),
                embedded[batch.layout()], step.numTokens());
    }

    @Override
    public void rmsNorm(Tensor out, Tensor x, Weight weight) {
        rmsNorm.launch(stream, address(out), address(x), address(weight), x.rows());
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor out, Tensor update, Weight weight) {
        addRmsNorm.launch(stream, address(residual), address(out), address(update), address(weight), residual.rows());
    }

    /** {@code residual += update}. */
    void add(Tensor residual, Tensor update) {
        add.launch(stream, address(residual), address(update), (long) residual.rows() * residual.columns());
    }

    @Override
    public void linear(Tensor out, Tensor x, Weight weight) {
        linear.launch(
                stream, address(out), address(x), address(weight), x.rows(), weight.rows(), weight.columns());
    }

    @Override
    public void linearSiluAndMul(Tensor out, Tensor x, Weight gateUp) {
        linear.launchSiluAndMul(stream, address(out), address(x), address(gateUp), x.rows(),
                gateUp.rows() / 2, gateUp.columns());
    }

    /** {@code out = silu(gate) * up}; {@code gateUp} [tokens, gate | up], float32. */
    void siluAndMul(Tensor out, Tensor gateUp) {
        siluAndMul.launchFloat32(stream, address(out), address(gateUp), gateUp.rows(), out.columns());
    }

    /** {@code out = silu(gate) * up}; {@code gateUp} [tokens, gate | up], bfloat16. */
    void siluAndMulRounded(Tensor out, Tensor gateUp) {
        siluAndMul.launch(stream, address(out), address(gateUp), gateUp.rows(), out.columns());
    }

    @Override
    public void logits(Tensor out, Tensor x, Weight embedTokens) {
        LinearKernel.SampledRows sampled = sampledRows == null ? LinearKernel.ALL_ROWS : sampledRows[batch.layout()];
        linear.launchHead(stream, address(out), address(x), address(embedTokens), sampled, x.rows(),
                embedTokens.rows(), embedTokens.columns());
    }

    /**
     * From here on {@link #logits} is told of the rows that sample, by layout of the batch, or with null of none any
     * more. Returns whether it leaves results of rows that take their logits as they are; else it writes all logits.
     */
    boolean chooseInHead(LinearKernel.SampledRows[] rows) {
        sampledRows = rows;
        return rows != null && linear.choosesInHead();
    }

    /** One launch where each sequence has one token; else two, the second of which reads what the first one wrote. */
    @Override
    public void inProjShortConv(
            Tensor out, Tensor bcx, Tensor x, Weight inProj, Weight conv, int convLayer, ForwardBatch step) {
        if (step.numSeqs() == step.numTokens()) {
            inProjShortConv.launch(stream, address(out), address(x), address(inProj), convLayer(conv, convLayer),
                    batch.sequences(part), x.rows(), batch.numSnapshots(part, step, x.rows()));
        } else {
            linear(bcx, x, inProj);
            shortConv(out, bcx, conv, convLayer, step);
        }
    }

    /** The convolution behind the projection; {@code bcx} [tokens, 3 hidden], 16 of B, of C and of x in turn. */
    void shortConv(Tensor out, Tensor bcx, Weight conv, int convLayer, ForwardBatch step) {
        shortConv.launch(stream, address(out), address(bcx), convLayer(conv, convLayer), batch.sequences(part),
                step.numTokens(), step.numSnapshots());
    }

    /** What the convolution needs of a layer; made when the layer is first seen. */
    private ShortConvKernel.LayerAddresses convLayer(Weight conv, int convLayer) {
        ShortConvKernel.LayerAddresses known = convLayers[convLayer];
        if (known == null || known.conv() != address(conv)) {
            known = new ShortConvKernel.LayerAddresses(
                    address(conv), memory.states(convLayer), memory.snapshots(convLayer), memory.slotStride());
            convLayers[convLayer] = known;
        }
        return known;
    }

    @Override
    public void qkNormRopeStore(Tensor qkv, Weight qNorm, Weight kNorm, int attentionLayer, ForwardBatch step) {
        QkNormRopeStoreKernel.LayerAddresses layer = attentionLayer(qNorm, kNorm, attentionLayer);
        qkNormRopeStore.launch(stream, address(qkv), layer, tokens[batch.layout()], qkv.rows());
    }

    @Override
    public void qkvNormRopeStore(Tensor qkv, Tensor x, LayerOperator.Attention attention, ForwardBatch step) {
        if (hasQkvNormRopeStore()) {
            qkvNormRopeStore.launch(stream, address(qkv), address(x), address(attention.qkvProj()),
                    attentionLayer(attention.qNorm(), attention.kNorm(), attention.attentionLayer()),
                    tokens[batch.layout()], x.rows());
        } else {
            Ops.super.qkvNormRopeStore(qkv, x, attention, step);
        }
    }

    @Override
    public boolean hasQkvNormRopeStore() {
        return qkvNormRopeStore != null;
    }

    /** What {@link #qkNormRopeStore} needs of a layer; made when the layer is first seen. */
    private QkNormRopeStoreKernel.LayerAddresses attentionLayer(Weight qNorm, Weight kNorm, int attentionLayer) {
        QkNormRopeStoreKernel.LayerAddresses known = attentionLayers[attentionLayer];
        if (known == null || known.qNorm() != address(qNorm) || known.kNorm() != address(kNorm)) {
            known = new QkNormRopeStoreKernel.LayerAddresses(
                    memory.keysValues(attentionLayer), address(qNorm), address(kNorm));
            attentionLayers[attentionLayer] = known;
        }
        return known;
    }

    @Override
    public void attention(Tensor out, Tensor qkv, int attentionLayer, ForwardBatch step) {
        long keysValues = memory.keysValues(attentionLayer);
        AttentionKernel.StepAddresses addresses = attentionSteps[batch.layout()];
        if (step.numTokens() == step.numSeqs()) {
            attention.runDecode(stream, address(out), address(qkv), keysValues, addresses);
        } else {
            attention.run(stream, address(out), address(qkv), keysValues, batch.plan(), addresses);
        }
    }

    @Override
    public void addRmsNormRouteTopK(
            Routing routing, Tensor residual, Tensor out, Tensor update, Weight weight, SparseMoe moe) {
        experts.addRmsNormRouteTopK(routing, residual, out, update, weight, moe);
    }

    @Override
    public void linearAddRmsNorm(
            Tensor residual, Tensor out, Tensor update, Tensor x, Weight weight, Weight norm) {
        if (hasLinearAddRmsNorm()) {
            normedProducts.addRmsNorm(residual, out, update, x, weight, norm);
        } else {
            Ops.super.linearAddRmsNorm(residual, out, update, x, weight, norm);
        }
    }

    @Override
    public void linearAddRmsNormRouteTopK(Routing routing, Tensor residual, Tensor out, Tensor update, Tensor x,
            Weight weight, Weight norm, SparseMoe moe) {
        if (hasLinearAddRmsNorm()) {
            normedProducts.addRmsNormRouteTopK(routing, residual, out, update, x, weight, norm, moe, experts);
        } else {
            Ops.super.linearAddRmsNormRouteTopK(routing, residual, out, update, x, weight, norm, moe);
        }
    }

    @Override
    public boolean hasLinearAddRmsNorm() {
        return normedProducts != null;
    }

    @Override
    public void groupedLinearSiluAndMul(Tensor out, Tensor x, Weight gateUp, Routing routing) {
        experts.groupedLinearSiluAndMul(out, x, gateUp, routing);
    }

    @Override
    public void groupedLinear(Tensor out, Tensor x, Weight down, Routing routing) {
        experts.groupedLinear(out, x, down, routing);
    }

    @Override
    public void combineAddRmsNorm(Tensor residual, Tensor out, Tensor expertOut, Routing routing, Weight weight) {
        experts.combineAddRmsNorm(residual, out, expertOut, weight);
    }

    @Override
    public void groupedLinearAddRmsNorm(
            Tensor residual, Tensor out, Tensor outer, Tensor inner, Routing routing, Weight down, Weight norm) {
        if (hasGroupedLinearAddRmsNorm()) {
            experts.groupedLinearAddRmsNorm(residual, out, outer, inner, routing, down, norm);
        } else {
            Ops.super.groupedLinearAddRmsNorm(residual, out, outer, inner, routing, down, norm);
        }
    }

    @Override
    public boolean hasGroupedLinearAddRmsNorm() {
        return experts.hasGroupedLinearAddRmsNorm();
    }

    @Override
    public void expertsAddRmsNorm(
            Tensor residual, Tensor x, Tensor inner, Tensor outer, Routing routing, SparseMoe moe, Weight norm) {
        if (hasExpertsAddRmsNorm(x.rows())) {
            experts.expertsAddRmsNorm(residual, x, inner, outer, routing, moe, norm);
        } else {
            Ops.super.expertsAddRmsNorm(residual, x, inner, outer, routing, moe, norm);
        }
    }

    @Override
    public boolean hasExpertsAddRmsNorm(int numTokens) {
        return format == WeightFormat.TILES && experts.hasExpertsAddRmsNorm(numTokens);
    }

    /** The operations of the experts; null in a dense model. */
    CudaExperts experts() {
        return experts;
    }

    @Override
    public void gatherLast(Tensor out, Tensor x, ForwardBatch step) {
        gatherLast.launch(stream, address(out), address(x), batch.logitTokens(), step.numLogits());
    }

    @Override
    public void close() {
        gatherLast.close();
        if (experts != null) {
            experts.close();
        }
        if (qkvNormRopeStore != null) {
            qkvNormRopeStore.close();
        }
        qkNormRopeStore.close();
        if (shortConv != null) {
            inProjShortConv.close();
            shortConv.close();
        }
        siluAndMul.close();
        linear.close();
        add.close();
        addRmsNorm.close();
        rmsNorm.close();
        embed.close();
        updateBlockTables.close();
        attention.close();
    }
}
