package io.penstock.bench;

/** A thing that can be timed again and again; whoever creates it owns what it holds and closes it. */
public interface Benchmark {
    /** The case, as it stands in the results. */
    String name();

    /** What {@link Measurement#work} counts, in the plural: {@code tokens}, {@code bytes}. */
    String workUnit();

    /** Brings compiled code, caches and clocks to a steady state; called once before the first run. */
    void warmUp();

    /** Does the work once and times only what is to be measured, not its set-up. */
    Measurement run();
}
