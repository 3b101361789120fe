package io.penstock.scheduler.engine;

import io.penstock.scheduler.Histogram;

/** Sizes and times of an engine's steps; written by its thread, readable by all. */
public final class StepHistograms {
    private static final double NS = 1e-9;

    private final Histogram tokens = new Histogram(1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384);
    private final Histogram stepSeconds = seconds();
    private final Histogram hostSeconds = seconds();

    private static Histogram seconds() {
        return new Histogram(0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,
                2, 5, 10);
    }

    void launched(int numTokens) {
        tokens.record(numTokens);
    }

    void done(long stepNs, long hostNs) {
        stepSeconds.record(stepNs * NS);
        hostSeconds.record(hostNs * NS);
    }

    /** Tokens of a step, prefilled and decoded. */
    public Histogram tokens() {
        return tokens;
    }

    /** Duty cycles that took a step's tokens: planning and launching the next one, and waiting, included. */
    public Histogram stepSeconds() {
        return stepSeconds;
    }

    /** The part of those that was not waiting for the runner. */
    public Histogram hostSeconds() {
        return hostSeconds;
    }
}
