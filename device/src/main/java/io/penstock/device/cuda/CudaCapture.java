package io.penstock.device.cuda;

import java.util.ArrayList;
import java.util.List;

/** What is captured: begun by one stream, which others join by waiting for an event that was recorded in it. */
final class CudaCapture {
    final CudaStream origin;
    /** Names of the launches, in the order of their calls. */
    final List<String> kernels = new ArrayList<>();
    private final List<CudaStream> streams = new ArrayList<>();
    private boolean isEnded;

    CudaCapture(CudaStream origin) {
        this.origin = origin;
        streams.add(origin);
    }

    /** Whether a stream that waits for an event of this captures from there on. */
    boolean isJoined(CudaStream stream) {
        return !isEnded && streams.add(stream);
    }

    /** The streams capture no more. */
    void end() {
        isEnded = true;
        streams.forEach(CudaStream::leaveCapture);
    }
}
