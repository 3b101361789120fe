package io.penstock.bench.loadgen.run;

import io.penstock.bench.loadgen.LoopCounts;
import io.penstock.bench.loadgen.RequestRecord;
import java.util.List;

/**
 * What came of a run. Times are those of {@link System#nanoTime}.
 *
 * @param records of all requests that were sent, in that order
 * @param queueNs by place in {@code records}: from when it was due until it had a place
 * @param loops what the event loops counted
 * @param client what it cost to run the load
 */
public record LoadOutcome(List<RequestRecord> records, long[] queueNs, Span span, Extent extent,
        List<LoopCounts> loops, ClientCost client) {
    /**
     * When it was.
     *
     * @param startNs when the first request was due
     * @param endNs of the last answer
     * @param steady null where no part of the run was
     */
    public record Span(long startNs, long endNs, Window steady) {}

    /**
     * How much it was.
     *
     * @param numRequests that were to be sent
     * @param maxOpen the most requests open at once
     * @param whyStopped null unless it was given up
     */
    public record Extent(int numRequests, int maxOpen, String whyStopped) {}

    /** A part of a run. */
    public record Window(long startNs, long endNs) {
        boolean holds(long timeNs) {
            return timeNs >= startNs && timeNs <= endNs;
        }

        double seconds() {
            return (endNs - startNs) / 1e9;
        }
    }

    /** The steady part, or null. */
    public Window steady() {
        return span.steady();
    }

    public int numRequests() {
        return extent.numRequests();
    }

    public double seconds() {
        return (span.endNs() - span.startNs()) / 1e9;
    }

    /** Requests that did not fail. */
    public List<RequestRecord> completed() {
        return records.stream().filter(record -> !record.isFailed()).toList();
    }

    public List<RequestRecord> failed() {
        return records.stream().filter(RequestRecord::isFailed).toList();
    }
}
