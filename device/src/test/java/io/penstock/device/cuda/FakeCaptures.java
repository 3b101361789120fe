package io.penstock.device.cuda;

import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUresult;

/** Which streams are captured, and what a driver refuses of that; streams and events by their addresses. */
final class FakeCaptures {
    private record Mark(long stream, int numCalls) {}

    private final Map<Long, Long> origins = new HashMap<>();
    private final Map<Long, Integer> numCalls = new HashMap<>();
    private final Map<Long, Integer> numJoined = new HashMap<>();
    private final Map<Long, Mark> marks = new HashMap<>();

    private void begin(long stream, long origin) {
        origins.put(stream, origin);
        numCalls.put(stream, 0);
        numJoined.put(stream, 0);
    }

    void begin(long stream) {
        begin(stream, stream);
    }

    boolean isCaptured(long stream) {
        return origins.containsKey(stream);
    }

    void queued(long stream) {
        numCalls.computeIfPresent(stream, (_, number) -> number + 1);
    }

    void recorded(long event, long stream) {
        if (isCaptured(stream)) {
            marks.put(event, new Mark(stream, numCalls.get(stream)));
        } else {
            marks.remove(event);
        }
    }

    /** A stream waits for an event: it joins the event's capture, or what the event marks comes back to another's. */
    int awaited(long stream, long event) {
        Mark mark = marks.get(event);
        if (mark == null) {
            return isCaptured(stream) ? CUresult.CUDA_ERROR_STREAM_CAPTURE_ISOLATION : Driver.SUCCESS;
        }
        if (!isCaptured(mark.stream)) {
            return CUresult.CUDA_ERROR_CAPTURED_EVENT;
        }
        if (isCaptured(stream)) {
            numJoined.merge(mark.stream, mark.numCalls, Math::max);
        } else {
            begin(stream, origins.get(mark.stream));
        }
        return Driver.SUCCESS;
    }

    /** Ends the capture that a stream began, whatever comes of it. */
    int end(long stream) {
        if (origins.getOrDefault(stream, -1L) != stream) {
            return CUresult.CUDA_ERROR_ILLEGAL_STATE;
        }
        boolean isWhole = true;
        for (Map.Entry<Long, Long> each : Map.copyOf(origins).entrySet()) {
            long member = each.getKey();
            if (each.getValue() == stream) {
                isWhole &= member == stream || numJoined.get(member) >= numCalls.get(member);
                origins.remove(member);
            }
        }
        return isWhole ? Driver.SUCCESS : CUresult.CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    }
}
