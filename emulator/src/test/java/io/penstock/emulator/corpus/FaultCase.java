package io.penstock.emulator.corpus;

/**
 * A kernel that exists twice, broken and repaired, and what must be said of the broken one.
 *
 * @param kind of the fault, as reports write it
 * @param at matches the text of the PTX line that is blamed
 * @param buffer index of the argument whose memory must be named; -1 for none
 * @param everySchedule whether each schedule must show it; if not, one of them must
 * @param program runs either of the two
 */
record FaultCase(String kind, String at, int buffer, boolean everySchedule, Program.Source program) {
    /** Instead of a kind: nothing is wrong with how it computes, but with what. */
    static final String WRONG_RESULT = "wrong-result";

    static FaultCase of(String kind, String at, Program.Source program) {
        return new FaultCase(kind, at, -1, true, program);
    }

    static FaultCase of(String kind, String at, int buffer, Program.Source program) {
        return new FaultCase(kind, at, buffer, true, program);
    }

    FaultCase sometimes() {
        return new FaultCase(kind, at, buffer, false, program);
    }
}
