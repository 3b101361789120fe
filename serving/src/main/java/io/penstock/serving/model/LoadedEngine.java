package io.penstock.serving.model;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
import io.penstock.runtime.cuda.CudaModel;
import io.penstock.runtime.cuda.CudaRunner;
import io.penstock.scheduler.engine.Engine;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An engine with its model loaded, not started yet, and the limits that it was built with. */
public record LoadedEngine(Engine engine, ResolvedLimits resolved) {
    private static final Logger LOG = LoggerFactory.getLogger(LoadedEngine.class);

    /**
     * Resolves the limits, loads the weights and allocates everything. Logs what was asked for and what came of it.
     *
     * @param layerLoaded told the number of layers read so far
     * @throws InputException if it does not fit, or the device refuses
     */
    public static LoadedEngine load(RequestEncoder encoder, ServingConfig config, IntConsumer layerLoaded) {
        LOG.info("{}: asked {}", encoder.source().name(), config);
        return switch (config.backend()) {
            case Backend.Cpu cpu -> onCpu(encoder, config, cpu, layerLoaded);
            case Backend.Accelerator accelerator -> onDevice(encoder, config, accelerator, layerLoaded);
        };
    }

    private static LoadedEngine onCpu(
            RequestEncoder encoder, ServingConfig config, Backend.Cpu cpu, IntConsumer layerLoaded) {
        ModelSource source = encoder.source();
        ResolvedLimits resolved = ResolvedLimits.of(source.config(), config, Runtime.getRuntime().maxMemory());
        LOG.info("{}: {}", source.name(), resolved.describe());
        CpuModel model = source.load(resolved.limits(), cpu.options(), layerLoaded);
        try {
            var runner = new CpuRunner(model, encoder.tokenizer().vocabSize(), source.eosTokenIds());
            return new LoadedEngine(engine(runner, config), resolved);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static LoadedEngine onDevice(
            RequestEncoder encoder, ServingConfig config, Backend.Accelerator accelerator, IntConsumer layerLoaded) {
        ModelSource source = encoder.source();
        Device device = accelerator.open().get();
        try {
            var wanted = new DeviceLimits(source.config(), config, accelerator);
            ResolvedLimits resolved = wanted.resolve(device.properties(), wanted.budgetBytes(device));
            LOG.info("{} on {}: {}", source.name(), device.properties().name(), resolved.describe());
            CudaModel model;
            try (ModelTensors tensors = source.openTensors()) {
                model = new CudaModel(
                        device, tensors, resolved.limits(), accelerator.options(), layerLoaded);
            }
            var runner = new CudaRunner(
                    model, accelerator.options(), encoder.tokenizer().vocabSize(), source.eosTokenIds());
            return new LoadedEngine(engine(runner, config), resolved);
        } catch (DeviceException e) {
            device.close();
            throw new InputException(device.properties().name() + " failed: " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    private static Engine engine(ModelRunner runner, ServingConfig config) {
        return new Engine(runner, config.engine(), System::nanoTime);
    }
}
