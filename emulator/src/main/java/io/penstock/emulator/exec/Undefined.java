package io.penstock.emulator.exec;

/**
 * What is undefined of a register in a lane.
 *
 * @param bits that nobody defined
 * @param isSpoiled whether they were computed with, or come from memory that nobody wrote; otherwise they are a copy of
 *     a register that nobody wrote, which is harmless until somebody computes with it
 */
record Undefined(long bits, boolean isSpoiled) {
    static final Undefined UNWRITTEN = new Undefined(-1, false);
}
