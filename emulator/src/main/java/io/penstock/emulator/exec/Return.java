package io.penstock.emulator.exec;

/** The end of a function, or of a thread. */
final class Return extends Control {
    private final boolean endsThread;

    /** @param endsThread whether the thread ends wherever it is */
    Return(boolean endsThread) {
        this.endsThread = endsThread;
    }

    @Override
    boolean control(Warp warp, int mask) {
        Splits splits = warp.splits;
        if (mask == 0) {
            splits.pc++;
            return true;
        }
        int rest = splits.mask & ~mask;
        if (rest != 0) {
            splits.depart(rest, splits.pc + 1);
        }
        int lane = Integer.numberOfTrailingZeros(mask);
        if (endsThread || warp.calls.depth(lane) == 0) {
            exit(warp, mask);
            return false;
        }
        int call = warp.calls.top(lane);
        int together = 0;
        for (int each = mask; each != 0; each &= each - 1) {
            int other = Integer.numberOfTrailingZeros(each);
            together |= warp.calls.top(other) == call ? 1 << other : 0;
        }
        if (together != mask) {
            splits.depart(mask & ~together, splits.pc);
        }
        ((Call) warp.program.code[call]).finish(warp, together, splits.pc);
        splits.pc = call + 1;
        return true;
    }

    private static void exit(Warp warp, int mask) {
        Splits splits = warp.splits;
        int pc = splits.pc;
        int branch = splits.lastBranch;
        boolean isJumpedTo = branch >= 0 && warp.program.code[branch] instanceof Branch from && from.targets()[0] == pc;
        splits.mask = 0;
        warp.stores.finish(mask);
        warp.live &= ~mask;
        warp.exited |= mask;
        int end = isJumpedTo ? branch : pc - 1;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            warp.ends[Integer.numberOfTrailingZeros(rest)] = end;
        }
        warp.cta.exited(Integer.bitCount(mask), end);
    }
}
