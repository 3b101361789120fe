package io.penstock.emulator.exec;

import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.ptx.PtxFunction;
import io.penstock.emulator.ptx.PtxVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An entry with all that it calls, decoded: one array of operations, and where everything lies. */
final class Program {
    /** One function of it. */
    static final class Function {
        final PtxFunction source;
        final List<Slot> slots = new ArrayList<>();
        final Map<PtxVariable, Integer> offsets = new HashMap<>();
        int entry;
        int frameBytes;
        boolean isRecursive;
        boolean isPure;

        Function(PtxFunction source) {
            this.source = source;
        }

        /** Nothing of its frame is written, and only its variables may be touched. */
        void clearFrame(Warp warp, int lane) {
            int base = lane * warp.program.localBytes + warp.frame[lane];
            warp.local.fillStates(base, frameBytes, Allocation.GAP);
            offsets.forEach((variable, offset) -> warp.local.fillStates(base + offset, (int) variable.sizeBytes(),
                    Allocation.UNWRITTEN));
        }

        long[] save(Warp warp, int lane) {
            long[] values = new long[2 * slots.size()];
            for (int i = 0; i < slots.size(); i++) {
                Slot slot = slots.get(i);
                values[2 * i] = slot.of() == Slot.Class.PREDICATE
                        ? warp.predicates[slot.at()] >>> lane & 1 : warp.read(slot, lane);
                values[2 * i + 1] = warp.undefined[slot.id()] >>> lane & 1;
            }
            return values;
        }

        void restore(Warp warp, int lane, long[] values) {
            int bit = 1 << lane;
            for (int i = 0; i < slots.size(); i++) {
                Slot slot = slots.get(i);
                if (slot.of() == Slot.Class.PREDICATE) {
                    int others = warp.predicates[slot.at()] & ~bit;
                    warp.predicates[slot.at()] = values[2 * i] != 0 ? others | bit : others;
                } else {
                    warp.write(slot, lane, values[2 * i]);
                }
                int others = warp.undefined[slot.id()] & ~bit;
                warp.undefined[slot.id()] = values[2 * i + 1] != 0 ? others | bit : others;
            }
        }
    }

    /** A variable in a block's shared memory. */
    record SharedVariable(String name, int offset, int sizeBytes) {}

    /** A special register, and where it is kept. */
    record Special(String name, Slot slot) {}

    /** What CUDA's runtime keeps of a block's shared memory, at its beginning, for cooperative groups. */
    static final int RESERVED_BYTES = 1024;

    private static final int STACK_BYTES = 64 << 10;

    final PtxFunction entry;
    final Map<String, Function> functions = new LinkedHashMap<>();
    final Map<Long, Function> byAddress = new HashMap<>();
    final List<SharedVariable> shared = new ArrayList<>();
    final Map<Integer, Slot> intConstants = new HashMap<>();
    final Map<Long, Slot> longConstants = new HashMap<>();
    final Map<Boolean, Slot> predicateConstants = new HashMap<>();
    final List<Special> specials = new ArrayList<>();
    final Map<PtxVariable, Integer> parameterOffsets = new HashMap<>();
    Op[] code;
    int entryPc;
    int parameterBytes;
    int staticSharedBytes;
    int dynamicOffset;
    int localBytes;
    boolean usesReserved;
    boolean communicates;
    boolean usesWarpGroups;
    PostDominators postDominators;
    private int numInts;
    private int numLongs;
    private int numPredicates;
    private int numSlots;

    Program(PtxFunction entry) {
        this.entry = entry;
    }

    Slot newInt() {
        return new Slot(numSlots++, 32 * numInts++, Slot.Class.INT);
    }

    Slot newLong() {
        return new Slot(numSlots++, 32 * numLongs++, Slot.Class.LONG);
    }

    Slot newPredicate() {
        return new Slot(numSlots++, numPredicates++, Slot.Class.PREDICATE);
    }

    Slot constant(int value) {
        return intConstants.computeIfAbsent(value, unused -> newInt());
    }

    Slot constant(boolean value) {
        return predicateConstants.computeIfAbsent(value, unused -> newPredicate());
    }

    Slot constant(long value) {
        return longConstants.computeIfAbsent(value, unused -> newLong());
    }

    int numInts() {
        return numInts;
    }

    int numLongs() {
        return numLongs;
    }

    int numPredicates() {
        return numPredicates;
    }

    int numSlots() {
        return numSlots;
    }

    /** Sizes local memory: the frames of functions, one above the other. */
    void layOut() {
        int sum = 0;
        boolean isRecursive = false;
        for (Function function : functions.values()) {
            sum += function.frameBytes;
            isRecursive |= function.isRecursive;
        }
        localBytes = isRecursive ? STACK_BYTES : sum;
    }

    /** The function that a place belongs to. */
    Function functionAt(int pc) {
        Function found = null;
        for (Function function : functions.values()) {
            if (function.entry <= pc && (found == null || function.entry > found.entry)) {
                found = function;
            }
        }
        return found;
    }

    /** Sets what is the same for all instructions of a warp. */
    void prepare(Warp warp) {
        Arrays.fill(warp.undefined, -1);
        warp.forget();
        intConstants.forEach((value, slot) -> {
            Arrays.fill(warp.ints, slot.at(), slot.at() + 32, value);
            warp.undefined[slot.id()] = 0;
        });
        longConstants.forEach((value, slot) -> {
            Arrays.fill(warp.longs, slot.at(), slot.at() + 32, value);
            warp.undefined[slot.id()] = 0;
        });
        predicateConstants.forEach((value, slot) -> {
            warp.predicates[slot.at()] = value ? -1 : 0;
            warp.undefined[slot.id()] = 0;
        });
        for (Special special : specials) {
            for (int lane = 0; lane < 32; lane++) {
                warp.write(special.slot(), lane, SpecialRegisters.value(special.name(), warp, lane));
            }
            warp.undefined[special.slot().id()] = 0;
        }
    }
}
