package io.penstock.emulator.exec;

/**
 * What is undefined of a register in a lane.
 *
 * @param bits that nobody defined
 * @param isSpoiled whether somebody computed with them; otherwise they are a copy of a register or memory that nobody
 *     wrote, which is harmless as long as it is padding
 */
record Undefined(long bits, boolean isSpoiled) {
    static final Undefined UNWRITTEN = new Undefined(-1, false);
}
