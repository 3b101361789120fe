package io.penstock.emulator.exec;

/**
 * Where a warp keeps a register, a constant or a special register.
 *
 * @param id among all slots, for what is known of their definedness
 * @param at index of lane 0 in the array of its class; the predicate's index for a predicate
 */
record Slot(int id, int at, Class of) {
    /** Which array holds it. */
    enum Class {
        INT,
        LONG,
        PREDICATE
    }

    boolean isLong() {
        return of == Class.LONG;
    }
}
