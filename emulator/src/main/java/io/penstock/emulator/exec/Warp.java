package io.penstock.emulator.exec;

import io.penstock.emulator.memory.Agent;
import io.penstock.emulator.memory.Allocation;
import java.util.HashMap;
import java.util.Map;

/** 32 lanes: their registers, and where each of them is. */
final class Warp {
    final Cta cta;
    final int index;
    final Program program;
    final int[] ints;
    final long[] longs;
    final int[] predicates;
    final int[] undefined;
    final int[] frame = new int[32];
    final CallStack calls;
    final Splits splits;
    final AsyncCopies copies = new AsyncCopies();
    final BulkStores stores = new BulkStores(this);
    final MatrixQueue matrix;
    int clusterOver;
    PhaseBarrier asked;
    final Allocation local;
    int carry;
    final int[] ends = new int[32];
    int live;
    int exited;
    long numInstructions;
    int sinceSpin;
    Agent agent;
    private final Map<Integer, Undefined> undefinedBits = new HashMap<>();

    Warp(Cta cta, int index, Program program) {
        this.cta = cta;
        this.index = index;
        this.program = program;
        this.ints = new int[32 * program.numInts()];
        this.longs = new long[32 * program.numLongs()];
        this.predicates = new int[program.numPredicates()];
        this.undefined = new int[program.numSlots()];
        this.calls = new CallStack(this);
        this.splits = new Splits(this);
        this.matrix = new MatrixQueue(this);
        int localBytes = program.localBytes;
        this.local = localBytes == 0 ? null : new Allocation("local memory", 0, 32 * localBytes);
    }

    long read(Slot slot, int lane) {
        return slot.isLong() ? longs[slot.at() + lane] : ints[slot.at() + lane] & 0xFFFF_FFFFL;
    }

    void write(Slot slot, int lane, long value) {
        if (slot.isLong()) {
            longs[slot.at() + lane] = value;
        } else {
            ints[slot.at() + lane] = (int) value;
        }
    }

    boolean isUndefined(Slot slot, int lane) {
        return (undefined[slot.id()] >>> lane & 1) != 0;
    }

    private Undefined undefinedOf(Slot slot, int lane) {
        Undefined known = undefinedBits.get(slot.id() << 5 | lane);
        return known == null ? Undefined.UNWRITTEN : known;
    }

    long undefinedBits(Slot slot, int lane) {
        return isUndefined(slot, lane) ? undefinedOf(slot, lane).bits() : 0;
    }

    boolean isSpoiled(Slot slot, int lane) {
        return isUndefined(slot, lane) && undefinedOf(slot, lane).isSpoiled();
    }

    boolean anySpoiled(Slot[] slots, int lane) {
        for (Slot slot : slots) {
            if (isSpoiled(slot, lane)) {
                return true;
            }
        }
        return false;
    }

    void setUndefined(Slot slot, int lane, long bits, boolean isSpoiled) {
        long within = slot.isLong() ? bits : bits & 0xFFFF_FFFFL;
        if (within == 0) {
            undefined[slot.id()] &= ~(1 << lane);
        } else {
            undefined[slot.id()] |= 1 << lane;
            undefinedBits.put(slot.id() << 5 | lane, new Undefined(within, isSpoiled));
        }
    }

    void setUnwritten(Slot slot, int lane) {
        undefined[slot.id()] |= 1 << lane;
        if (!undefinedBits.isEmpty()) {
            undefinedBits.remove(slot.id() << 5 | lane);
        }
    }

    void setUnwritten(Slot slot) {
        for (int lane = 0; lane < 32; lane++) {
            setUnwritten(slot, lane);
        }
    }

    /** Every slot is unwritten. */
    void forget() {
        undefinedBits.clear();
    }

    /** After a report: the value counts as defined from here on. */
    void setDefined(int slotId, int lanes) {
        undefined[slotId] &= ~lanes;
    }

    /** Begins a stretch of accesses: what its lanes did before is ordered with what they do after. */
    void synchronise() {
        agent.advance(cta.launch.tick());
    }

    /** The same for some of its lanes: the others know nothing of them, nor they of the others. */
    void synchronise(int lanes) {
        if ((live & ~lanes) == 0) {
            synchronise();
        } else {
            agent.advance(cta.launch.tick(), lanes);
        }
    }
}
