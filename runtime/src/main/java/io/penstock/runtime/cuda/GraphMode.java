package io.penstock.runtime.cuda;

/** When the decode steps of a batch size are captured as a graph, which replays them in one launch. */
public enum GraphMode {
    /** All before the first step. */
    START,
    /** One after each step's launch, while the device computes; until then steps are launched directly. */
    BACKGROUND,
    /** Never: every operation of every step is a launch. */
    OFF
}
