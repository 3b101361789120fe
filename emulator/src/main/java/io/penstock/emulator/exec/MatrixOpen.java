package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxType;
import java.util.ArrayList;
import java.util.List;

/** The elements of a matrix in registers that nobody wrote. */
final class MatrixOpen {
    private MatrixOpen() {}

    static List<Integer> elements(Warp warp, Slot[] slots, MatrixShape.Map map, PtxType type) {
        List<Integer> elements = new ArrayList<>();
        int perRegister = map.perLane() / slots.length;
        int bits = type.bits();
        long within = bits == 64 ? -1 : (1L << bits) - 1;
        for (int i = 0; i < slots.length; i++) {
            for (int rest = warp.undefined[slots[i].id()]; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                long open = warp.undefinedBits(slots[i], lane);
                for (int part = 0; part < perRegister; part++) {
                    if ((open >>> part * bits & within) != 0) {
                        elements.add(map.elements()[lane * map.perLane() + i * perRegister + part]);
                    }
                }
            }
        }
        return elements;
    }
}
