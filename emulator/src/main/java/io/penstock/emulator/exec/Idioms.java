package io.penstock.emulator.exec;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What compilers' output shows of intent: stores of constants, and loads in loops that wait for a change. */
final class Idioms {
    private static final int MAX_LOOP = 64;

    private final List<Op> code;
    private final int from;
    private final int to;

    Idioms(List<Op> code, int from, int to) {
        this.code = code;
        this.from = from;
        this.to = to;
    }

    void mark(Program program) {
        Set<Slot> constants = new HashSet<>(program.intConstants.values());
        constants.addAll(program.longConstants.values());
        Map<Slot, Integer> numWrites = new HashMap<>();
        for (int pc = from; pc < to; pc++) {
            for (Slot target : code.get(pc).targets) {
                // A vector may have elements that nobody wants, as null.
                numWrites.merge(target, 1, Integer::sum);
            }
        }
        boolean swaps = code.subList(from, to).stream().anyMatch(Idioms::isSwap);
        for (int pc = from; pc < to; pc++) {
            Op op = code.get(pc);
            boolean isMove = op.source.opcode().equals("mov") && op.targets.length == 1;
            if (isMove && numWrites.get(op.targets[0]) == 1 && op.sources.length == 1
                    && constants.contains(op.sources[0])) {
                constants.add(op.targets[0]);
            }
            if (op instanceof Load load && (load.isStrong() ? isPolled(pc) : swaps && isCompared(load))) {
                load.readAtomically();
            }
        }
        for (int pc = from; pc < to; pc++) {
            if (code.get(pc) instanceof Store store && constants.containsAll(Set.of(store.sources[0]))) {
                store.writesConstants();
            }
        }
    }

    private static boolean isSwap(Op op) {
        return op instanceof Atomic && op.source.has("cas");
    }

    /** Whether a compare-and-swap expects what the load gives: such a loop begins with a plain read. */
    private boolean isCompared(Load load) {
        Set<Slot> derived = new HashSet<>(Arrays.asList(load.targets));
        for (int round = 0; round < 2; round++) {
            for (int pc = from; pc < to; pc++) {
                Op op = code.get(pc);
                boolean isMove = op.source.opcode().equals("mov") && op.sources.length == 1;
                if (isMove && derived.contains(op.sources[0])) {
                    derived.addAll(Arrays.asList(op.targets));
                }
            }
        }
        for (int pc = from; pc < to; pc++) {
            Op op = code.get(pc);
            if (isSwap(op) && derived.contains(op.sources[0])) {
                return true;
            }
        }
        return false;
    }

    /** Whether a branch back to before the load depends on what it gives. */
    private boolean isPolled(int load) {
        Set<Slot> derived = new HashSet<>(Arrays.asList(code.get(load).targets));
        for (int pc = load + 1; pc < Math.min(to, load + MAX_LOOP); pc++) {
            Op op = code.get(pc);
            if (op instanceof Branch branch && branch.targets()[0] <= load) {
                return op.guard >= 0 && derived.stream().anyMatch(slot -> slot.id() == op.guardId);
            }
            for (Slot source : op.sources) {
                if (derived.contains(source)) {
                    derived.addAll(Arrays.asList(op.targets));
                    break;
                }
            }
        }
        return false;
    }
}
