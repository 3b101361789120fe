package io.penstock.emulator.exec;

import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Copies of a warp to shared memory that are under way; they arrive as late as they may. */
final class AsyncCopies {
    private static final class Copy {
        private final Op op;
        private final Allocation shared;
        private final byte[] bytes;
        private final int offset;
        private final int lane;
        private final int group;

        private Copy(Op op, Allocation shared, byte[] bytes, int offset, int lane, int group) {
            this.op = op;
            this.shared = shared;
            this.bytes = bytes;
            this.offset = offset;
            this.lane = lane;
            this.group = group;
        }
    }

    private final List<Copy> copies = new ArrayList<>();
    private final int[] numCommitted = new int[32];

    void clear() {
        copies.clear();
        Arrays.fill(numCommitted, 0);
    }

    void add(Op op, Allocation shared, byte[] bytes, int offset, int lane) {
        copies.add(new Copy(op, shared, bytes, offset, lane, numCommitted[lane]));
    }

    void commit(int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            numCommitted[Integer.numberOfTrailingZeros(rest)]++;
        }
    }

    /** Lets all copies arrive but those of the latest {@code numPending} groups of each lane. */
    void await(Warp warp, int mask, int numPending) {
        Memory memory = warp.cta.launch.memory;
        int numFirst = 0;
        while (numFirst < copies.size() && isDone(copies.get(numFirst), mask, numPending)) {
            arrive(warp, copies.get(numFirst++), memory);
        }
        copies.subList(0, numFirst).clear();
        int numKept = 0;
        for (int i = 0; i < copies.size(); i++) {
            Copy copy = copies.get(i);
            if (isDone(copy, mask, numPending)) {
                arrive(warp, copy, memory);
            } else if (numKept++ < i) {
                copies.set(numKept - 1, copy);
            }
        }
        copies.subList(numKept, copies.size()).clear();
    }

    private boolean isDone(Copy copy, int mask, int numPending) {
        return (mask >>> copy.lane & 1) != 0 && copy.group < numCommitted[copy.lane] - numPending;
    }

    private static void arrive(Warp warp, Copy copy, Memory memory) {
        System.arraycopy(copy.bytes, 0, copy.shared.data(), copy.offset, copy.bytes.length);
        copy.shared.setWritten(copy.offset, copy.bytes.length);
        memory.where[copy.lane] = copy.shared;
        memory.offsets[copy.lane] = copy.offset;
        memory.noteWrite(copy.op, warp, copy.lane, copy.bytes.length, false, AccessLog.Same.NO);
    }
}
