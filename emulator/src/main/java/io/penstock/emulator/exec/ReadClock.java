package io.penstock.emulator.exec;

/** mov of a clock. */
final class ReadClock extends Op {
    private final String name;

    ReadClock(Slot target, String name) {
        this.targets = new Slot[] {target};
        this.name = name;
    }

    @Override
    void execute(Warp warp, int mask) {
        long value = SpecialRegisters.changing(name, warp);
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            warp.write(targets[0], Integer.numberOfTrailingZeros(rest), value);
        }
    }
}
