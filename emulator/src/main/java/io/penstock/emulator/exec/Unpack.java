package io.penstock.emulator.exec;

/** mov of a register to several narrower ones. */
final class Unpack extends Op {
    private final Slot[] parts;
    private final Slot from;
    private final int bits;

    /** @param parts null for those that nobody wants */
    Unpack(Slot from, Slot[] parts, int bits) {
        this.from = from;
        this.parts = parts;
        this.bits = bits;
        this.sources = new Slot[] {from};
    }

    @Override
    void run(Warp warp, int mask) {
        execute(warp, mask);
    }

    @Override
    void execute(Warp warp, int mask) {
        long within = bits == 64 ? -1 : (1L << bits) - 1;
        int undefined = warp.undefined[from.id()] & mask;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long value = warp.read(from, lane);
            boolean isOpen = (undefined >>> lane & 1) != 0;
            long open = isOpen ? warp.undefinedBits(from, lane) : 0;
            boolean isSpoiled = isOpen && warp.isSpoiled(from, lane);
            for (int i = 0; i < parts.length; i++) {
                if (parts[i] != null) {
                    warp.write(parts[i], lane, value >>> i * bits & within);
                    if (isOpen) {
                        long part = open >>> i * bits & within;
                        // The upper half of a register that holds 16 bits is open with them.
                        warp.setUndefined(parts[i], lane, part == within ? -1 : part, isSpoiled);
                    } else {
                        warp.undefined[parts[i].id()] &= ~(1 << lane);
                    }
                }
            }
        }
    }
}
