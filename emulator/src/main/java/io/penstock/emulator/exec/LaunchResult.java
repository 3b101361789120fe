package io.penstock.emulator.exec;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.LaunchCounters;
import java.util.List;

/** What a launch found and did. */
public record LaunchResult(List<Fault> faults, LaunchCounters counters) {
    public boolean isClean() {
        return faults.isEmpty();
    }
}
