package io.penstock.serving.model;

import io.penstock.scheduler.engine.EngineConfig;

/** What an engine is tuned for; the defaults of everything that is not asked for. */
public enum Preset {
    /** The most tokens a second: batch jobs. */
    THROUGHPUT(new Sizes(64, 1024), new Sizes(2048, 8192), EngineConfig.throughput()),
    /** Short steps: somebody waits. */
    LATENCY(new Sizes(16, 512), new Sizes(256, 2048), EngineConfig.latency());

    final Sizes onCpu;
    final Sizes onDevice;
    final EngineConfig engine;

    /** Sequences and tokens of a step. */
    record Sizes(int maxNumSeqs, int maxNumBatchedTokens) {}

    Preset(Sizes onCpu, Sizes onDevice, EngineConfig engine) {
        this.onCpu = onCpu;
        this.onDevice = onDevice;
        this.engine = engine;
    }
}
