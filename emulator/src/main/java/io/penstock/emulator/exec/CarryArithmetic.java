package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;

/**
 * Integer arithmetic that takes a carry, gives one, or both. A difference is a sum with the complement, as in the
 * machine: its carry is set when nothing is borrowed, which shows where an addition takes what a subtraction gave.
 */
final class CarryArithmetic extends Op {
    private final boolean isSubtraction;
    private final boolean multiplies;
    private final boolean isHigh;
    private final boolean isSigned;
    private final boolean takes;
    private final boolean gives;
    private final boolean isLong;

    CarryArithmetic(PtxInstruction source, PtxType type, Slot target, Slot[] from) {
        this.isSubtraction = source.opcode().startsWith("sub");
        this.multiplies = source.opcode().startsWith("mad");
        this.isHigh = source.has("hi");
        this.isSigned = type.isSigned();
        this.takes = source.opcode().endsWith("c");
        this.gives = source.has("cc");
        this.isLong = type.isWide();
        this.targets = new Slot[] {target};
        this.sources = from;
    }

    @Override
    void execute(Warp warp, int mask) {
        int carries = warp.carry;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long a = warp.read(sources[0], lane);
            long b = warp.read(sources[1], lane);
            if (multiplies) {
                a = product(a, b);
                b = warp.read(sources[2], lane);
            }
            long carry = takes ? warp.carry >>> lane & 1 : 0;
            long result;
            boolean out;
            if (isSubtraction) {
                long borrow = takes ? 1 - carry : 0;
                result = a - b - borrow;
                out = isLong ? Long.compareUnsigned(a, b) > 0 || a == b && borrow == 0 : result >= 0;
            } else {
                result = a + b + carry;
                boolean over = Long.compareUnsigned(result, a) < 0 || carry != 0 && result == a;
                out = isLong ? over : result >>> 32 != 0;
            }
            warp.write(targets[0], lane, result);
            carries = out ? carries | 1 << lane : carries & ~(1 << lane);
        }
        if (gives) {
            warp.carry = carries;
        }
    }

    private long product(long a, long b) {
        if (isLong) {
            return isHigh ? isSigned ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b) : a * b;
        }
        long whole = isSigned ? (long) (int) a * (int) b : a * b;
        return (isHigh ? whole >>> 32 : whole) & 0xFFFF_FFFFL;
    }
}
