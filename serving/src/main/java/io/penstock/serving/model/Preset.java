package io.penstock.serving.model;

import io.penstock.scheduler.engine.EngineConfig;

/** What an engine is tuned for; the defaults of everything that is not asked for. */
public enum Preset {
    /** The most tokens a second: batch jobs. */
    THROUGHPUT(64, 1024, EngineConfig.throughput()),
    /** Short steps: somebody waits. */
    LATENCY(16, 512, EngineConfig.latency());

    final int maxNumSeqs;
    final int maxNumBatchedTokens;
    final EngineConfig engine;

    Preset(int maxNumSeqs, int maxNumBatchedTokens, EngineConfig engine) {
        this.maxNumSeqs = maxNumSeqs;
        this.maxNumBatchedTokens = maxNumBatchedTokens;
        this.engine = engine;
    }
}
