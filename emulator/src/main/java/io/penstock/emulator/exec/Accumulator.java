package io.penstock.emulator.exec;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The sums of a warp's 16 rows of a warpgroup's product while they are under way. */
final class Accumulator {
    static final int ROWS = 16;

    private static final Map<Integer, int[]> ELEMENTS = new ConcurrentHashMap<>();
    private static final int NAN = 0x7FFF_FFFF;
    private static final int HALF_NANS = 0x7FFF_7FFF;

    final Slot[] slots;
    final int columns;
    final float[] sums;
    Wgmma last;
    long until;
    private final boolean isHalf;
    private final int[] elements;
    private final boolean[] isOpen;
    private boolean anyOpen;

    Accumulator(Slot[] slots, boolean isHalf) {
        this.slots = slots.clone();
        this.isHalf = isHalf;
        this.columns = slots.length * (isHalf ? 4 : 2);
        this.elements = elements(slots.length, isHalf);
        this.sums = new float[ROWS * columns];
        this.isOpen = new boolean[ROWS * columns];
    }

    /** Another register stands for one of them. */
    void rename(Slot from, Slot to) {
        for (int i = 0; i < slots.length; i++) {
            slots[i] = slots[i].id() == from.id() ? to : slots[i];
        }
    }

    void reset() {
        Arrays.fill(sums, 0);
        Arrays.fill(isOpen, false);
        anyOpen = false;
    }

    /** By lane and register, which element is there: of halves, the lower one. */
    private static int[] elements(int numSlots, boolean isHalf) {
        return ELEMENTS.computeIfAbsent(isHalf ? -numSlots : numSlots, unused -> {
            int columns = numSlots * (isHalf ? 4 : 2);
            int[] elements = new int[32 * numSlots];
            for (int at = 0; at < elements.length; at++) {
                int lane = at % 32;
                int i = isHalf ? at / 32 * 2 : at / 32;
                int row = (lane >> 2) + (i >> 1 & 1) * 8;
                elements[at] = row * columns + (i >> 2) * 8 + (lane & 3) * 2 + (i & 1);
            }
            return elements;
        });
    }

    void load(Warp warp) {
        for (int i = 0; i < slots.length; i++) {
            int undefined = warp.undefined[slots[i].id()];
            for (int lane = 0; lane < 32; lane++) {
                int bits = warp.ints[slots[i].at() + lane];
                int at = elements[32 * i + lane];
                if (isHalf) {
                    sums[at] = Float.float16ToFloat((short) bits);
                    sums[at + 1] = Float.float16ToFloat((short) (bits >>> 16));
                } else {
                    sums[at] = Float.intBitsToFloat(bits);
                }
                if ((undefined >>> lane & 1) != 0) {
                    open(at);
                    open(isHalf ? at + 1 : at);
                }
            }
        }
    }

    private void open(int element) {
        isOpen[element] = true;
        anyOpen = true;
    }

    /** All sums of a row depend on something undefined. */
    void openRow(int row) {
        Arrays.fill(isOpen, row * columns, (row + 1) * columns, true);
        anyOpen = true;
    }

    void openColumn(int column) {
        for (int row = 0; row < ROWS; row++) {
            open(row * columns + column);
        }
    }

    /** Sums of halves are rounded after each instruction. */
    void round() {
        for (int i = 0; i < sums.length && isHalf; i++) {
            sums[i] = Float.float16ToFloat((short) Floats.toHalf(sums[i]));
        }
    }

    void poison(Warp warp) {
        for (Slot slot : slots) {
            Arrays.fill(warp.ints, slot.at(), slot.at() + 32, isHalf ? HALF_NANS : NAN);
            warp.setUnwritten(slot);
        }
    }

    void store(Warp warp) {
        for (int i = 0; i < slots.length; i++) {
            int undefined = 0;
            for (int lane = 0; lane < 32; lane++) {
                int at = elements[32 * i + lane];
                warp.ints[slots[i].at() + lane] = isHalf
                        ? (int) (Floats.toHalf(sums[at]) | Floats.toHalf(sums[at + 1]) << 16)
                        : (int) Floats.bits(sums[at]);
                undefined |= anyOpen && (isOpen[at] || isHalf && isOpen[at + 1]) ? 1 << lane : 0;
            }
            warp.undefined[slots[i].id()] = 0;
            for (int rest = undefined; rest != 0; rest &= rest - 1) {
                warp.setUndefined(slots[i], Integer.numberOfTrailingZeros(rest), -1, true);
            }
        }
    }
}
