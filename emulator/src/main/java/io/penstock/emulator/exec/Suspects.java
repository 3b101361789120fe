package io.penstock.emulator.exec;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.memory.Allocation;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Plain reads that met an atomic write: a race, unless the warp goes on with an atomic operation at the same place. A
 * loop of compare-and-swap begins with a plain read, and is legal.
 */
final class Suspects {
    private record Key(Allocation allocation, int word, int cta, int warp) {}

    private static final int MAX_SUSPECTS = 10_000;

    private final Map<Key, Fault> faults = new LinkedHashMap<>();

    void add(Allocation allocation, int offset, int cta, int warp, Fault fault) {
        if (faults.size() < MAX_SUSPECTS) {
            faults.putIfAbsent(new Key(allocation, offset >> 2, cta, warp), fault);
        }
    }

    void acquit(Allocation allocation, int offset, int cta, int warp) {
        if (!faults.isEmpty()) {
            faults.remove(new Key(allocation, offset >> 2, cta, warp));
        }
    }

    Collection<Fault> faults() {
        return faults.values();
    }
}
