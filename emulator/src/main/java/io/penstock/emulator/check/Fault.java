package io.penstock.emulator.check;

/**
 * Something wrong with a launch: the first of its kind at its line.
 *
 * @param message what happened, in a line; a deadlock's dump has more
 * @param address that was accessed, as the kernel saw it; 0 if there is none
 * @param allocation the name of what holds the address, or is nearest to it; empty if there is none
 * @param offset of the address in the allocation, in bytes
 */
public record Fault(FaultKind kind, String message, Place place, long address, String allocation, long offset) {
    @Override
    public String toString() {
        String at = place.line() == 0 ? "" : ", PTX line " + place.line()
                + (place.cudaLine() == 0 ? "" : " (CUDA line " + place.cudaLine() + ")");
        String memory = allocation.isEmpty() ? ""
                : ", address 0x" + Long.toHexString(address) + " = " + allocation + " + " + offset;
        return kind.word() + " in " + place.kernel() + at + ", block " + place.cta() + ", warp " + place.warp()
                + ", lane " + place.lane() + memory + ": " + message;
    }
}
