package io.penstock.emulator.memory;

/**
 * How much of global memory a launch touched, each byte and each 32-byte sector counted once. An atomic operation both
 * reads and writes.
 */
public record Touched(long readBytes, long writtenBytes, long readSectors, long writtenSectors) {
    /** What memory moves at least: allocations begin at multiples of it. */
    public static final int SECTOR_BYTES = 32;

    static final Touched NOTHING = new Touched(0, 0, 0, 0);

    Touched plus(Touched other) {
        return new Touched(readBytes + other.readBytes, writtenBytes + other.writtenBytes,
                readSectors + other.readSectors, writtenSectors + other.writtenSectors);
    }
}
