package io.penstock.serving.model;

import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.scheduler.engine.EngineConfig;

/**
 * How somebody asks a model to be run, before model and machine have been looked at.
 *
 * @param prefixCaching whether computed prefixes are found again
 * @param overlap whether the next step is planned while the last one runs on a device; the tokens are the same without
 * @param maxQueuedRequests requests that may wait to be begun; one more is refused. Null: as the preset has it
 * @param backend what it runs on
 */
public record ServingConfig(Preset preset, AskedLimits limits, boolean prefixCaching, boolean overlap,
        Integer maxQueuedRequests, Backend backend) {
    /** A preset and nothing else, on the CPU in float32. */
    public static ServingConfig of(Preset preset) {
        return new ServingConfig(preset, AskedLimits.NONE, true, true, null, new Backend.Cpu(Arithmetic.FLOAT32, 0));
    }

    public ServingConfig withLimits(AskedLimits asked) {
        return new ServingConfig(preset, asked, prefixCaching, overlap, maxQueuedRequests, backend);
    }

    public ServingConfig withPrefixCaching(boolean enabled) {
        return new ServingConfig(preset, limits, enabled, overlap, maxQueuedRequests, backend);
    }

    public ServingConfig withOverlap(boolean enabled) {
        return new ServingConfig(preset, limits, prefixCaching, enabled, maxQueuedRequests, backend);
    }

    public ServingConfig withMaxQueuedRequests(int requests) {
        return new ServingConfig(preset, limits, prefixCaching, overlap, requests, backend);
    }

    /** This on another backend. */
    public ServingConfig on(Backend other) {
        return new ServingConfig(preset, limits, prefixCaching, overlap, maxQueuedRequests, other);
    }

    /** The numbers that activations are kept in. */
    public Arithmetic arithmetic() {
        return switch (backend) {
            case Backend.Cpu cpu -> cpu.arithmetic();
            case Backend.Accelerator _ -> Arithmetic.BFLOAT16;
        };
    }

    /**
     * The engine's part. The CPU computes a step when it is launched, so there nothing overlaps: each token would be
     * seen a step late, and a row behind each sequence's end be computed.
     */
    public EngineConfig engine() {
        boolean isAsynchronous = overlap && backend instanceof Backend.Accelerator;
        EngineConfig base = maxQueuedRequests == null ? preset.engine
                : preset.engine.withMaxQueuedRequests(maxQueuedRequests);
        return base.withOverlap(isAsynchronous).withScheduler(base.scheduler().withPrefixCaching(prefixCaching));
    }
}
