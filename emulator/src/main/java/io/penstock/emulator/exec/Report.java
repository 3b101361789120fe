package io.penstock.emulator.exec;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.check.FaultLog;
import io.penstock.emulator.check.Place;
import io.penstock.emulator.memory.Allocation;

/** Where the launch is, so that a fault can say it. */
final class Report {
    final FaultLog log;
    private Op op;
    private Warp warp;
    private int lane;

    Report(FaultLog log) {
        this.log = log;
    }

    Report at(Op present, Warp inWarp, int inLane) {
        op = present;
        warp = inWarp;
        lane = inLane;
        return this;
    }

    Place place() {
        return new Place(warp.program.entry.name(), op.line(), op.source.cudaLine(), warp.cta.index, warp.index, lane);
    }

    void fault(FaultKind kind, String message) {
        if (log.wants(kind, op.line())) {
            log.add(new Fault(kind, message, place(), 0, "", 0));
        }
    }

    void fault(FaultKind kind, String message, long address, Allocation allocation) {
        if (log.wants(kind, op.line())) {
            log.add(fault(kind, message, address, allocation, offset(address, allocation)));
        }
    }

    private static long offset(long address, Allocation allocation) {
        return allocation == null ? 0 : address - allocation.address();
    }

    /** A fault in a named part of an allocation, not yet reported. */
    Fault fault(FaultKind kind, String message, long address, Allocation allocation, long offset) {
        return new Fault(kind, message, place(), address, allocation == null ? "" : allocation.name(), offset);
    }

    void undefinedGuard() {
        fault(FaultKind.UNINITIALISED, op.source.name() + " depends on a predicate that was computed from what nobody"
                + " wrote: " + op.source.guard().register().name());
    }
}
