package io.penstock.emulator.exec;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.memory.Allocation;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plain reads that met an atomic write: a race, but for two things that people do and that are right. A warp goes on
 * with an atomic operation at the same place, as a loop of compare-and-swap does. Or it reads to see whether the atomic
 * operation is worth it ("if larger, then atomicMax"): some threads do go on, and what a stale value makes others miss
 * is nothing, for the variable moves in one direction.
 */
final class Suspects {
    /** Who read: a warp, and the index of its instruction. */
    record Reader(int cta, int warp, int site) {}

    private record Key(Allocation allocation, int word, int cta, int warp) {}

    private record Suspect(Fault fault, int site, boolean mayLook) {}

    private static final int MAX_SUSPECTS = 10_000;

    private final Map<Key, Suspect> suspects = new LinkedHashMap<>();
    private final BitSet lookingSites = new BitSet();

    /** @param mayLook whether the variable is in global memory and moves in one direction */
    void add(Allocation allocation, int offset, Reader reader, boolean mayLook, Fault fault) {
        if (suspects.size() < MAX_SUSPECTS) {
            suspects.putIfAbsent(new Key(allocation, offset >> 2, reader.cta(), reader.warp()),
                    new Suspect(fault, reader.site(), mayLook));
        }
    }

    void acquit(Allocation allocation, int offset, int cta, int warp) {
        if (!suspects.isEmpty()) {
            suspects.remove(new Key(allocation, offset >> 2, cta, warp));
        }
    }

    /** A lane went on with an atomic operation where it had just read by the instruction at a site. */
    void looksBeforeItLeaps(int site) {
        lookingSites.set(site);
    }

    List<Fault> faults() {
        return suspects.values().stream()
                .filter(each -> !(each.mayLook() && lookingSites.get(each.site())))
                .map(Suspect::fault)
                .toList();
    }
}
