package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionPlan;

/** What attention keeps between blocks, for one launch at a time: partial results of long contexts, and counters. */
final class AttentionScratch implements AutoCloseable {
    private final DeviceMemory partials;
    private final DeviceMemory counters;

    /**
     * For plans of some sizes.
     *
     * @param of whom, behind the names: empty, or with a space before it
     */
    AttentionScratch(Device device, Stream stream, AttentionPlan.Sizes sizes, String of) {
        partials = device.allocate("attention's partial results" + of, sizes.partialBytes());
        counters = device.allocate("attention's counters" + of, sizes.counterBytes());
        stream.fill(counters, 0, counters.sizeBytes(), (byte) 0);
    }

    long partials() {
        return partials.address();
    }

    long counters() {
        return counters.address();
    }

    @Override
    public void close() {
        counters.close();
        partials.close();
    }
}
