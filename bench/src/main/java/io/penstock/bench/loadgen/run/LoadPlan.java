package io.penstock.bench.loadgen.run;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.RequestRecord;
import java.util.List;

/**
 * What a run is to do.
 *
 * @param requests by index; a later turn comes after the one that it follows
 * @param offsetsNs by index, when each first turn is due after the start; null for a closed loop, where a request is
 *     due as soon as it has a place
 * @param maxConcurrency places, or {@link #UNBOUNDED}
 * @param isRamping whether the load grows all the time: no part of the run is steady then
 * @param kept of each answer
 */
public record LoadPlan(List<LoadRequest> requests, long[] offsetsNs, int maxConcurrency, boolean isRamping,
        RequestRecord.Kept kept) {
    public static final int UNBOUNDED = Integer.MAX_VALUE;

    public LoadPlan {
        requests = List.copyOf(requests);
        if (requests.isEmpty() || maxConcurrency < 1 || offsetsNs != null && offsetsNs.length != requests.size()) {
            throw new IllegalArgumentException(requests.size() + " requests, " + maxConcurrency + " at once, "
                    + (offsetsNs == null ? "no" : offsetsNs.length) + " times");
        }
    }

    /** Requests as the load has them: timed ones of a trace when they say, the others as {@code arrivals} has it. */
    public static LoadPlan of(List<LoadRequest> requests, Arrivals arrivals, int maxConcurrency, long seed,
            RequestRecord.Kept kept) {
        boolean isTimed = requests.getFirst().atNs() != LoadRequest.UNTIMED;
        long[] offsets;
        if (isTimed) {
            offsets = requests.stream().mapToLong(LoadRequest::atNs).toArray();
        } else if (arrivals.isAtOnce() && maxConcurrency != UNBOUNDED) {
            offsets = null;
        } else {
            offsets = spread(requests, arrivals, seed);
        }
        return new LoadPlan(requests, offsets, maxConcurrency, arrivals.ramp() != null, kept);
    }

    /** Conversations arrive; their later turns follow. */
    private static long[] spread(List<LoadRequest> requests, Arrivals arrivals, long seed) {
        int numFirst = (int) requests.stream().filter(request -> !request.isLaterTurn()).count();
        long[] times = arrivals.offsetsNs(numFirst, seed);
        long[] offsets = new long[requests.size()];
        int next = 0;
        for (LoadRequest request : requests) {
            if (!request.isLaterTurn()) {
                offsets[request.index()] = times[next++];
            }
        }
        return offsets;
    }

    boolean isClosedLoop() {
        return offsetsNs == null;
    }
}
