package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.ptx.PtxVariable;
import java.util.List;

/** A call of a function, by name or by address. */
final class Call extends Control {
    private final Program.Function caller;
    private final Program.Function named;
    private final Slot address;
    private final List<PtxVariable> arguments;
    private final List<PtxVariable> results;

    Call(Program.Function caller, Program.Function named, Slot address, List<PtxVariable> arguments,
            List<PtxVariable> results) {
        this.caller = caller;
        this.named = named;
        this.address = address;
        this.arguments = arguments;
        this.results = results;
    }

    /** Whether nobody but the caller can tell that it was made. */
    boolean isPure() {
        return named != null && named.isPure;
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
        Program.Function callee = callee(warp, mask);
        int call = splits.pc;
        for (int each = splits.mask; each != 0; each &= each - 1) {
            int lane = Integer.numberOfTrailingZeros(each);
            int from = warp.frame[lane];
            if (from + caller.frameBytes + callee.frameBytes > warp.program.localBytes) {
                throw new StackOverflowException(this, warp, lane);
            }
            warp.calls.push(lane, call, caller);
            clear(warp, lane, callee);
            for (int i = 0; i < arguments.size(); i++) {
                copy(warp, lane, arguments.get(i), from + caller.offsets.get(arguments.get(i)),
                        warp.frame[lane] + callee.offsets.get(callee.source.parameters().get(i)));
            }
        }
        splits.pc = callee.entry;
        return true;
    }

    /** The function of the first lane; lanes that call another one stay here. */
    private Program.Function callee(Warp warp, int mask) {
        if (named != null) {
            return named;
        }
        int first = Integer.numberOfTrailingZeros(mask);
        int undefined = warp.undefined[address.id()] & mask;
        if (undefined != 0) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(undefined)).fault(
                    FaultKind.UNINITIALISED, "a call through an address that nobody wrote");
        }
        long target = warp.longs[address.at() + first];
        Program.Function callee = warp.program.byAddress.get(target);
        if (callee == null) {
            warp.cta.launch.report.at(this, warp, first).fault(FaultKind.OUT_OF_BOUNDS,
                    "a call of 0x" + Long.toHexString(target) + ", where no function is");
            throw new AbortedException();
        }
        int others = 0;
        for (int each = mask; each != 0; each &= each - 1) {
            int lane = Integer.numberOfTrailingZeros(each);
            others |= warp.longs[address.at() + lane] == target ? 0 : 1 << lane;
        }
        if (others != 0) {
            warp.splits.depart(others, warp.splits.pc);
        }
        return callee;
    }

    private static void clear(Warp warp, int lane, Program.Function callee) {
        for (Slot slot : callee.slots) {
            warp.setUnwritten(slot, lane);
        }
        if (warp.local != null && callee.frameBytes > 0) {
            callee.clearFrame(warp, lane);
        }
    }

    private static void copy(Warp warp, int lane, PtxVariable variable, int from, int to) {
        int base = lane * warp.program.localBytes;
        int numBytes = (int) variable.sizeBytes();
        warp.local.copyFrom(warp.local, base + from, base + to, numBytes);
    }

    /** Brings lanes back from the function at {@code pc}. */
    void finish(Warp warp, int mask, int pc) {
        Program.Function callee = warp.program.functionAt(pc);
        for (int each = mask; each != 0; each &= each - 1) {
            int lane = Integer.numberOfTrailingZeros(each);
            int from = warp.frame[lane];
            warp.calls.pop(lane, caller);
            for (int i = 0; i < results.size(); i++) {
                copy(warp, lane, results.get(i), from + callee.offsets.get(callee.source.results().get(i)),
                        warp.frame[lane] + caller.offsets.get(results.get(i)));
            }
        }
    }
}
