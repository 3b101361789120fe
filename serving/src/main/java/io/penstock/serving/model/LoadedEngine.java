package io.penstock.serving.model;

import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
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
     */
    public static LoadedEngine load(RequestEncoder encoder, ServingConfig config, IntConsumer layerLoaded) {
        ModelSource source = encoder.source();
        ResolvedLimits resolved = ResolvedLimits.of(source.config(), config, Runtime.getRuntime().maxMemory());
        LOG.info("{}: asked {}", source.name(), config);
        LOG.info("{}: {}", source.name(), resolved.describe());
        CpuModel model = source.load(resolved.limits(), config.cpu(), layerLoaded);
        try {
            var runner = new CpuRunner(model, encoder.tokenizer().vocabSize(), source.eosTokenIds());
            return new LoadedEngine(new Engine(runner, config.engine(), System::nanoTime), resolved);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }
}
