package io.penstock.emulator.exec;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What compilers' output shows of intent: stores of constants, and loads in loops that wait for a change. */
final class Idioms {
    private static final Set<String> POINTER_MOVES = Set.of("mov", "cvta", "add");

    private final List<Op> code;
    private final int from;
    private final int to;
    private final Set<Slot> localPointers = new HashSet<>();

    Idioms(List<Op> code, int from, int to) {
        this.code = code;
        this.from = from;
        this.to = to;
    }

    /** Marks what is found, and says of the function whether others may see that it was called. */
    void mark(Program program, Program.Function function) {
        Set<Slot> constants = new HashSet<>(program.intConstants.values());
        constants.addAll(program.longConstants.values());
        Map<Slot, Integer> numWrites = new HashMap<>();
        for (int pc = from; pc < to; pc++) {
            for (Slot target : code.get(pc).targets) {
                // A vector may have elements that nobody wants, as null.
                numWrites.merge(target, 1, Integer::sum);
            }
        }
        findLocalPointers(numWrites);
        function.isPure = code.subList(from, to).stream().noneMatch(this::hasEffect);
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

    /** Whether the load can come again with nothing done in between that others could see: it waits for a change. */
    private boolean isPolled(int load) {
        BitSet seen = new BitSet();
        ArrayDeque<Integer> open = new ArrayDeque<>(List.of(load + 1));
        while (!open.isEmpty()) {
            int pc = open.poll();
            if (pc == load) {
                return true;
            }
            if (pc >= to || seen.get(pc)) {
                continue;
            }
            seen.set(pc);
            Op op = code.get(pc);
            boolean isEnd = op instanceof Return || op instanceof Branch branch && branch.isAlways();
            if (op instanceof Branch branch) {
                Arrays.stream(branch.targets()).forEach(open::add);
            }
            if (!hasEffect(op) && !(isEnd && op.guard < 0)) {
                open.add(pc + 1);
            }
        }
        return false;
    }

    /** Whether others may see that something was executed. */
    private boolean hasEffect(Op op) {
        return switch (op) {
            case Store store -> !store.isLocal(localPointers);
            case Call call -> !call.isPure();
            case Atomic _, AsyncCopy _, AsyncStore _, BulkCopy _, BulkStore _, BulkGroup _, Wgmma _, StoreMatrix _,
                    ClusterBarrier _, MemoryBarrier _, BlockBarrier _, WmmaAccess _, External _ -> true;
            default -> false;
        };
    }

    /** Registers that hold addresses of the function's own variables, and nothing else. */
    private void findLocalPointers(Map<Slot, Integer> numWrites) {
        for (int round = 0; round < 3; round++) {
            for (int pc = from; pc < to; pc++) {
                Op op = code.get(pc);
                boolean isOnce = op.targets.length == 1 && op.targets[0] != null && numWrites.get(op.targets[0]) == 1;
                boolean isMoved = POINTER_MOVES.contains(op.source.opcode()) && op.sources.length > 0
                        && localPointers.contains(op.sources[0]);
                if (isOnce && (op instanceof FrameAddress || isMoved)) {
                    localPointers.add(op.targets[0]);
                }
            }
        }
    }
}
