package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.Activations;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.ObservedOps;
import io.penstock.runtime.model.OperationObserver;
import io.penstock.runtime.model.Ops;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model with its weights, memory and forward pass on a device. One thread at a time calls it; what it queues is done
 * in the order of the calls. The device is the caller's, who closes it after this.
 */
public final class CudaModel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CudaModel.class);

    private final ModelConfig config;
    private final ModelLimits limits;
    private final Device device;
    private final Closing closing = new Closing();
    private final DeviceWorkspace workspace;
    private final DeviceWeights weights;
    private final ForwardPass forward;
    private final HalvesPass halves;
    private final HalfBatches rule;

    /**
     * Loads the kernels and the weights and allocates everything that {@code limits} asks for.
     *
     * @param options of which trace and observer count
     * @param layerLoaded told how far the weights are read, in layers
     */
    public CudaModel(
            Device device, ModelTensors tensors, ModelLimits limits, CudaOptions options, IntConsumer layerLoaded) {
        this.device = device;
        this.limits = limits;
        config = tensors.config();
        try {
            workspace = closing.add(new DeviceWorkspace(device, options.serialization(device), config, limits,
                    TileTableFile.read(options.tiles(), device.properties().name()), options.halves(config)));
            weights = closing.add(new DeviceWeights(device, workspace.stream(), tensors, layerLoaded));
        } catch (RuntimeException | Error e) {
            closing.close();
            throw e;
        }
        UnaryOperator<Ops> shown = options.observer() == OperationObserver.NONE ? UnaryOperator.identity()
                : ops -> new ObservedOps(ops, options.observer(), weights.weights());
        forward = new ForwardPass(
                weights.weights(), shown.apply(workspace.ops()), workspace.activations(), options.trace());
        rule = options.halves(config);
        halves = workspace.halves() == null ? null : new HalvesPass(
                workspace.stream(), workspace.halves(), rule.lagLayers(), weights.weights(), forward, shown);
        if (LOG.isInfoEnabled()) {
            LOG.info("memory of {}:{}", device.properties().name(),
                    DevicePlan.table(config, limits, options, device.properties()));
            rule.describe(limits.maxNumSeqs()).ifPresent(LOG::info);
            if (options.programmatic()) {
                LOG.info("kernels may begin before the one in front of them has ended (--pdl)");
            }
        }
    }

    /**
     * Queues the forward pass over the tokens of the step that began last, of which there is one at least: as two
     * halves where the batch on the device has them.
     */
    void compute(ForwardBatch batch) {
        int numFirst = workspace.ops().batch().numFirst();
        if (numFirst > 0) {
            halves.compute(batch, numFirst);
        } else {
            forward.compute(batch);
        }
    }

    /** Whether decode steps of so many sequences are run as two halves. */
    boolean hasHalves(int numSeqs) {
        return halves != null && rule.isFor(numSeqs);
    }

    Device device() {
        return device;
    }

    Stream stream() {
        return workspace.stream();
    }

    CudaOps ops() {
        return workspace.ops();
    }

    SamplerMemory samplerMemory() {
        return workspace.samplerMemory();
    }

    Activations activations() {
        return workspace.activations();
    }

    DeviceWeights weights() {
        return weights;
    }

    /** Logits [logit rows, vocab] in float32. */
    DeviceTensor logits() {
        return (DeviceTensor) workspace.activations().head().logits();
    }

    public ModelConfig config() {
        return config;
    }

    public ModelLimits limits() {
        return limits;
    }

    /** Gives back all but the device; the caller has waited for the steps. */
    @Override
    public void close() {
        closing.close();
    }
}
