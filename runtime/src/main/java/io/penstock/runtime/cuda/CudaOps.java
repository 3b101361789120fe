package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.AddKernel;
import io.penstock.kernels.AddRmsNormKernel;
import io.penstock.kernels.EmbedKernel;
import io.penstock.kernels.GatherLastKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.kernels.RmsNormKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.kernels.SiluAndMulKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * The operations on a device: bfloat16 in and out, float32 sums, rounded where {@code Arithmetic.BFLOAT16} says. Every
 * method queues a launch on the one stream and returns. Tensors and meanings are those of
 * {@link io.penstock.runtime.model.Ops}.
 */
final class CudaOps implements AutoCloseable {
    private final Stream stream;
    private final CudaMemory memory;
    private final DeviceBatch batch;
    private final EmbedKernel embed;
    private final RmsNormKernel rmsNorm;
    private final AddRmsNormKernel addRmsNorm;
    private final AddKernel add;
    private final LinearKernel linear;
    private final SiluAndMulKernel siluAndMul;
    private final ShortConvKernel shortConv;
    private final QkNormRopeStoreKernel qkNormRopeStore;
    private final GatherLastKernel gatherLast;
    private final QkNormRopeStoreKernel.TokenAddresses tokens;

    /** Loads the kernels and allocates the memory that {@code limits} asks for. */
    CudaOps(Device device, Stream stream, ModelConfig config, ModelLimits limits) {
        if (config.dimensions().convLCache() != ShortConvKernel.TAPS) {
            throw new IllegalArgumentException("convolution of " + config.dimensions().convLCache()
                    + " taps: the kernel has " + ShortConvKernel.TAPS);
        }
        this.stream = stream;
        int hidden = config.hiddenSize();
        float eps = config.dimensions().normEps();
        memory = new CudaMemory(device, stream, config, limits);
        batch = new DeviceBatch(device, limits);
        embed = new EmbedKernel(device, hidden);
        rmsNorm = new RmsNormKernel(device, hidden, eps);
        addRmsNorm = new AddRmsNormKernel(device, hidden, eps);
        add = new AddKernel(device);
        linear = new LinearKernel(device);
        siluAndMul = new SiluAndMulKernel(device);
        shortConv = new ShortConvKernel(device, hidden);
        qkNormRopeStore = new QkNormRopeStoreKernel(
                device, config.attention().numHeads(), config.attention().numKvHeads(), eps);
        gatherLast = new GatherLastKernel(device, hidden);
        tokens = new QkNormRopeStoreKernel.TokenAddresses(memory.angles(), batch.positions(), batch.slotMapping());
    }

    CudaMemory memory() {
        return memory;
    }

    void beginStep(ForwardBatch step) {
        batch.upload(stream, step);
    }

    void embed(DeviceTensor out, DeviceWeight embedTokens, ForwardBatch step) {
        embed.launch(stream, out.address(), embedTokens.address(), batch.tokenIds(), step.numTokens());
    }

    void rmsNorm(DeviceTensor out, DeviceTensor x, DeviceWeight weight) {
        rmsNorm.launch(stream, out.address(), x.address(), weight.address(), x.rows());
    }

    void addRmsNorm(DeviceTensor residual, DeviceTensor out, DeviceTensor update, DeviceWeight weight) {
        addRmsNorm.launch(stream, residual.address(), out.address(), update.address(), weight.address(),
                residual.rows());
    }

    void add(DeviceTensor residual, DeviceTensor update) {
        add.launch(stream, residual.address(), update.address(), (long) residual.rows() * residual.columns());
    }

    void linear(DeviceTensor out, DeviceTensor x, DeviceWeight weight) {
        linear.launch(stream, out.address(), x.address(), weight.address(), x.rows(), weight.rows(), weight.columns());
    }

    void linearSiluAndMul(DeviceTensor out, DeviceTensor x, DeviceWeight gateUp) {
        linear.launchSiluAndMul(stream, out.address(), x.address(), gateUp.address(), x.rows(), gateUp.rows() / 2,
                gateUp.columns());
    }

    /** {@code out = silu(gate) * up}; {@code gateUp} [tokens, gate | up], float32. */
    void siluAndMul(DeviceTensor out, DeviceTensor gateUp) {
        siluAndMul.launchFloat32(stream, out.address(), gateUp.address(), gateUp.rows(), out.columns());
    }

    /** {@code out = silu(gate) * up}; {@code gateUp} [tokens, gate | up], bfloat16. */
    void siluAndMulRounded(DeviceTensor out, DeviceTensor gateUp) {
        siluAndMul.launch(stream, out.address(), gateUp.address(), gateUp.rows(), out.columns());
    }

    /** {@code out} is float32. */
    void logits(DeviceTensor out, DeviceTensor x, DeviceWeight embedTokens) {
        linear.launchFloat32(stream, out.address(), x.address(), embedTokens.address(), x.rows(), embedTokens.rows(),
                embedTokens.columns());
    }

    void shortConv(DeviceTensor out, DeviceTensor bcx, ShortConvKernel.LayerAddresses layer, ForwardBatch step) {
        shortConv.launch(
                stream, out.address(), bcx.address(), layer, batch.sequences(), step.numTokens(), step.numSnapshots());
    }

    /** What {@link #shortConv} needs of a layer; made once. */
    ShortConvKernel.LayerAddresses convLayer(DeviceWeight conv, int convLayer) {
        return new ShortConvKernel.LayerAddresses(
                conv.address(), memory.states(convLayer), memory.snapshots(convLayer), memory.slotStride());
    }

    void qkNormRopeStore(DeviceTensor qkv, QkNormRopeStoreKernel.LayerAddresses layer, ForwardBatch step) {
        qkNormRopeStore.launch(stream, qkv.address(), layer, tokens, step.numTokens());
    }

    /** What {@link #qkNormRopeStore} needs of a layer; made once. */
    QkNormRopeStoreKernel.LayerAddresses attentionLayer(DeviceWeight qNorm, DeviceWeight kNorm, int attentionLayer) {
        return new QkNormRopeStoreKernel.LayerAddresses(
                memory.keysValues(attentionLayer), qNorm.address(), kNorm.address());
    }

    void gatherLast(DeviceTensor out, DeviceTensor x, ForwardBatch step) {
        gatherLast.launch(stream, out.address(), x.address(), batch.logitTokens(), step.numLogits());
    }

    @Override
    public void close() {
        gatherLast.close();
        qkNormRopeStore.close();
        shortConv.close();
        siluAndMul.close();
        linear.close();
        add.close();
        addRmsNorm.close();
        rmsNorm.close();
        embed.close();
        batch.close();
        memory.close();
    }
}
