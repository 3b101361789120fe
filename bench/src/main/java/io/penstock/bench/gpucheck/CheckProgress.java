package io.penstock.bench.gpucheck;

/** Told what a check is about to do, on its thread, never while something is timed. */
@FunctionalInterface
public interface CheckProgress {
    /** The next thing; {@code done} of {@code total} of its kind are behind it. */
    void next(String what, int done, int total);
}
