package io.penstock.emulator.exec;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Which place of a program every way from another place leads through. */
final class PostDominators {
    private final Op[] code;
    private final Map<Long, Boolean> known = new HashMap<>();

    PostDominators(Op[] code) {
        this.code = code;
    }

    /** Whether no way from {@code from} to an end of its function avoids {@code through}. */
    synchronized boolean leadsThrough(int from, int through) {
        return known.computeIfAbsent((long) from << 32 | through, unused -> search(from, through));
    }

    private boolean search(int from, int through) {
        BitSet seen = new BitSet(code.length);
        ArrayDeque<Integer> open = new ArrayDeque<>();
        boolean isReached = false;
        open.add(from + 1);
        while (!open.isEmpty()) {
            int pc = open.poll();
            if (pc == through) {
                isReached = true;
                continue;
            }
            if (pc >= code.length || seen.get(pc)) {
                continue;
            }
            seen.set(pc);
            Op op = code[pc];
            if (op instanceof Return && op.guard < 0) {
                return false;
            }
            if (op instanceof Branch branch) {
                for (int target : branch.targets()) {
                    open.add(target);
                }
                if (branch.isAlways()) {
                    continue;
                }
            }
            open.add(pc + 1);
        }
        return isReached;
    }
}
