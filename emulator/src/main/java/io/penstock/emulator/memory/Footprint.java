package io.penstock.emulator.memory;

import java.util.IdentityHashMap;
import java.util.Map;

/**
 * What a launch read and wrote, kept for the one behind it on a stream, which may begin before it has ended: what its
 * {@link AccessLog}s knew, without who it was.
 */
public final class Footprint {
    private final String kernel;
    private final Map<Allocation, AccessLog.Marks> marks = new IdentityHashMap<>();

    /** @param kernel of the launch */
    public Footprint(String kernel) {
        this.kernel = kernel;
    }

    public String kernel() {
        return kernel;
    }

    /** Takes over what a log knows, at the end of the launch. */
    public void add(Allocation allocation, AccessLog log) {
        marks.put(allocation, log.marks());
    }

    /** Whether it wrote one of some bytes. */
    public boolean wrote(Allocation allocation, int offset, int numBytes) {
        AccessLog.Marks own = marks.get(allocation);
        return own != null && own.wrote(offset, numBytes);
    }

    /** Whether it read or wrote one of some bytes. */
    public boolean touched(Allocation allocation, int offset, int numBytes) {
        AccessLog.Marks own = marks.get(allocation);
        return own != null && own.touched(offset, numBytes);
    }
}
