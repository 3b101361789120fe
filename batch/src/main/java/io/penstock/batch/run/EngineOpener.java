package io.penstock.batch.run;

import io.penstock.batch.BatchEngine;

/** Opens the engine of a pipeline: at its start, and again where one has died. */
@FunctionalInterface
public interface EngineOpener {
    /**
     * An engine that works; the pipeline closes it.
     *
     * @throws RuntimeException if there is none to be had: that ends the pipeline
     */
    BatchEngine open();
}
