package io.penstock.runtime.cuda;

import io.penstock.device.ProfilerRanges;
import io.penstock.runtime.model.OperationObserver;

/** Shows each operation that is queued to a profiler. */
record OperationRanges(ProfilerRanges ranges) implements OperationObserver {
    @Override
    public void before(String name) {
        ranges.push(name);
    }

    @Override
    public void after(String name) {
        ranges.pop();
    }
}
