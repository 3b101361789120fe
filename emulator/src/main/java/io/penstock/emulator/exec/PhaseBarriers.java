package io.penstock.emulator.exec;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** The mbarriers in a block's shared memory, by their offset. */
final class PhaseBarriers {
    /** Numbers below are those of warps' and warpgroups' engines. */
    static final int FIRST_ENGINE = 64;

    private final Cta cta;
    private final Map<Integer, PhaseBarrier> barriers = new TreeMap<>();
    private final Map<Integer, Integer> engines = new HashMap<>();

    PhaseBarriers(Cta cta) {
        this.cta = cta;
    }

    void clear() {
        barriers.clear();
        engines.clear();
    }

    PhaseBarrier at(int offset) {
        return barriers.get(offset);
    }

    PhaseBarrier initialise(int offset, Warp warp, int count) {
        int engine = engines.computeIfAbsent(offset, unused -> FIRST_ENGINE + engines.size());
        PhaseBarrier barrier = new PhaseBarrier(cta, offset, engine, warp, count);
        barriers.put(offset, barrier);
        return barrier;
    }

    void remove(int offset) {
        barriers.remove(offset);
    }

    /** A warp's fence of initialisations. */
    void fence(Warp warp) {
        for (PhaseBarrier barrier : barriers.values()) {
            if (barrier.initialiser == warp) {
                barrier.fence();
            }
        }
    }

    /** The copy that is bringing some of these bytes, or null. */
    Flight flightTo(int offset, int numBytes) {
        for (PhaseBarrier barrier : barriers.values()) {
            for (Flight flight : barrier.flights()) {
                if (flight.meets(offset, numBytes)) {
                    return flight;
                }
            }
        }
        return null;
    }

    /** The block ends while a copy to it is under way: it, or null. */
    Flight anyFlight() {
        for (PhaseBarrier barrier : barriers.values()) {
            if (!barrier.flights().isEmpty()) {
                return barrier.flights().getFirst();
            }
        }
        return null;
    }

    void reportStuck() {
        barriers.values().forEach(PhaseBarrier::reportStuck);
    }

    String describe() {
        StringBuilder text = new StringBuilder();
        for (PhaseBarrier barrier : barriers.values()) {
            text.append("\n  block ").append(cta.index).append(", ")
                    .append(barrier.describe(cta.launch.program, cta.launch.dynamicSharedBytes));
        }
        return text.toString();
    }
}
