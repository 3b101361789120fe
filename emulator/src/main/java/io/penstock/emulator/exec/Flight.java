package io.penstock.emulator.exec;

import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.EngineStamp;

/**
 * A bulk copy under way to shared memory; its bytes are read and written when it lands.
 *
 * @param cta whose shared memory it goes to
 */
record Flight(Op op, Cta cta, BulkStores.Span from, int offset) {
    int numBytes() {
        return from.numBytes();
    }

    void land(int now, int engine) {
        Allocation shared = cta.shared;
        int numBytes = numBytes();
        shared.copyFrom(from.memory(), from.offset(), offset, numBytes);
        // Bytes that nobody had written are copied as such.
        byte[] states = shared.states();
        for (int i = offset; i < offset + numBytes; i++) {
            states[i] = states[i] == Allocation.UNWRITTEN || states[i] == Allocation.GAP ? Allocation.COPIED
                    : states[i];
        }
        shared.accesses().landed(EngineStamp.of(now, op.index, engine, cta.index), offset, numBytes);
    }

    boolean meets(int at, int length) {
        return at < offset + numBytes() && offset < at + length;
    }
}
