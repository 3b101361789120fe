package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.StateSpace;

/**
 * The address of a memory operand.
 *
 * @param base the slot that holds it, or null if the offset is all
 * @param isFrame whether it counts from the function's frame in local memory
 * @param isKernelParameter whether it lies in the launch's parameters
 */
record Address(StateSpace space, Slot base, long offset, boolean isFrame, boolean isKernelParameter) {
    long of(Warp warp, int lane) {
        if (isFrame) {
            return warp.frame[lane] + offset + (base == null ? 0 : warp.read(base, lane));
        }
        if (base == null) {
            return offset;
        }
        return base.isLong() ? warp.longs[base.at() + lane] + offset
                : warp.ints[base.at() + lane] + (int) offset & 0xFFFF_FFFFL;
    }
}
