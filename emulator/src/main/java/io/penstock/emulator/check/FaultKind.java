package io.penstock.emulator.check;

/** What can be wrong with a launch. */
public enum FaultKind {
    RACE_SHARED("race-shared"),
    RACE_GLOBAL("race-global"),
    RACE_STREAMS("race-streams"),
    RACE_LAUNCHES("race-launches"),
    LAUNCH_ORDER("launch-order"),
    OUT_OF_BOUNDS("out-of-bounds"),
    UNINITIALISED("uninitialised"),
    MISALIGNED("misaligned"),
    BARRIER_DIVERGENCE("barrier-divergence"),
    MISSING_ASYNC_WAIT("missing-async-wait"),
    DEADLOCK("deadlock"),
    UNSUPPORTED("unsupported");

    private final String word;

    FaultKind(String word) {
        this.word = word;
    }

    /** As reports write it. */
    public String word() {
        return word;
    }
}
