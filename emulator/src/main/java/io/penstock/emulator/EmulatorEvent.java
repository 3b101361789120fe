package io.penstock.emulator;

import io.penstock.device.DeviceException;
import io.penstock.device.Event;

/** A mark; work is done when it is queued, so that a marked event is done. */
final class EmulatorEvent implements Event {
    private long markedNs;
    private boolean isMarked;
    private Capture capture;

    void mark(Capture inCapture) {
        capture = inCapture;
        if (inCapture == null) {
            markedNs = System.nanoTime();
            isMarked = true;
        }
    }

    /** The capture that it was marked in last, or null. */
    Capture capture() {
        return capture;
    }

    @Override
    public void synchronize() {
        // What was marked is done.
    }

    @Override
    public boolean isDone() {
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
