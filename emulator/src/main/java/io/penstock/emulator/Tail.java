package io.penstock.emulator;

import io.penstock.emulator.memory.Footprint;

/** Where a stream's work has come to, in a run of it: its place in the order of streams, and its last launch. */
final class Tail {
    /** Null where nobody checks the order of streams. */
    final StreamOrder.Queue queue;
    /** What the last launch did, where one behind it may begin before it has ended; else null. */
    Footprint lastLaunch;

    Tail(StreamOrder.Queue queue) {
        this.queue = queue;
    }
}
