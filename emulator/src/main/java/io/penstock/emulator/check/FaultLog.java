package io.penstock.emulator.check;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The faults of a launch: the first of each kind at each line, up to a number. One thread at a time uses it. */
public final class FaultLog {
    private final int maxFaults;
    private final List<Fault> faults = new ArrayList<>();
    private final Set<Long> seen = new HashSet<>();
    private long numSeen;

    public FaultLog(int maxFaults) {
        this.maxFaults = maxFaults;
    }

    /** Whether a fault of this kind at this line would be remembered; if not, it is only counted. */
    public boolean wants(FaultKind kind, int line) {
        numSeen++;
        return faults.size() < maxFaults && !seen.contains(key(kind, line));
    }

    public void add(Fault fault) {
        if (faults.size() < maxFaults && seen.add(key(fault.kind(), fault.place().line()))) {
            faults.add(fault);
        }
    }

    private static long key(FaultKind kind, int line) {
        return (long) kind.ordinal() << 32 | line;
    }

    /** In the order in which they happened. */
    public List<Fault> faults() {
        return List.copyOf(faults);
    }

    /** All that happened, those at a line that was already reported included. */
    public long numSeen() {
        return numSeen;
    }
}
