package io.penstock.emulator;

import io.penstock.device.DeviceException;
import io.penstock.device.Event;

/** A mark; work is done when it is queued, so that a marked event is done. */
final class EmulatorEvent implements Event {
    private static final int[] NOTHING = {};

    private final StreamOrder order;
    private long markedNs;
    private boolean isMarked;
    private Capture capture;
    private int[] known = NOTHING;

    /** @param order of streams; null where nobody checks it */
    EmulatorEvent(StreamOrder order) {
        this.order = order;
    }

    void mark(Capture inCapture) {
        capture = inCapture;
        if (inCapture == null) {
            markedNs = System.nanoTime();
            isMarked = true;
        }
    }

    /** It is behind what a queue has done so far. */
    void orderBehind(StreamOrder.Queue queue) {
        known = queue.known();
    }

    /** What a queue does from here on is behind what this marks. */
    void orderBefore(StreamOrder.Queue queue) {
        queue.join(known);
    }

    /** The capture that it was marked in last, or null. */
    Capture capture() {
        return capture;
    }

    @Override
    public void synchronize() {
        if (order != null) {
            order.hostKnows(known);
        }
    }

    @Override
    public boolean isDone() {
        synchronize();
        return true;
    }

    @Override
    public double elapsedMs(Event start) {
        EmulatorEvent from = (EmulatorEvent) start;
        if (!isMarked || !from.isMarked) {
            throw new DeviceException("cuEventElapsedTime", 400, "CUDA_ERROR_INVALID_HANDLE",
                    "the time between two events of which one is not marked");
        }
        return (markedNs - from.markedNs) / 1e6;
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
