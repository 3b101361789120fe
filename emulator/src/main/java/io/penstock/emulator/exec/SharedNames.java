package io.penstock.emulator.exec;

/** Names of places in shared memory. */
final class SharedNames {
    private SharedNames() {}

    /** The variable that has an offset, or the last one before it, with the distance. */
    static String nearest(Program program, int offset, int dynamicBytes) {
        Program.SharedVariable best = null;
        for (Program.SharedVariable variable : program.shared) {
            if (variable.offset() <= offset && (best == null || variable.offset() > best.offset())) {
                best = variable;
            }
        }
        if (offset >= program.dynamicOffset && dynamicBytes > 0) {
            return "dynamic shared memory (" + dynamicBytes + " bytes) + " + (offset - program.dynamicOffset);
        }
        return best == null ? "offset " + offset
                : best.name() + " (" + best.sizeBytes() + " bytes) + " + (offset - best.offset());
    }
}
