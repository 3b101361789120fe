package io.penstock.runtime.cuda;

import io.penstock.device.Graph;
import io.penstock.device.Stream;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Decode steps captured once and replayed, one graph a batch size. A smaller batch is padded up to the next size: its
 * padding rows compute what nobody reads, and write no slot and no block. What changes from step to step lies in the
 * device's batch, at addresses that never change.
 */
final class DecodeGraphs implements AutoCloseable {
    private final Stream stream;
    private final int[] sizes;
    private final Graph[] graphs;
    private final Consumer<ForwardBatch> compute;
    private final DeviceBatch deviceBatch;
    private final ForwardBatch batch;
    private final int numSnapshots;
    private int numCaptured;

    /**
     * Captures nothing yet.
     *
     * @param deviceBatch where a graph's launches find their arrays
     * @param sizes rising; the last is the most sequences of a step that is replayed
     * @param compute queues all that a decode step does between the batch's upload and the result's download
     */
    DecodeGraphs(Stream stream, DeviceBatch deviceBatch, int[] sizes, ModelLimits limits,
            Consumer<ForwardBatch> compute) {
        this.stream = stream;
        this.deviceBatch = deviceBatch;
        this.sizes = sizes;
        this.compute = compute;
        graphs = new Graph[sizes.length];
        batch = new ForwardBatch(limits);
        numSnapshots = limits.numSnapshots();
    }

    /** Whether sizes are left to be captured. */
    boolean isComplete() {
        return numCaptured == sizes.length;
    }

    /** The sizes captured so far. */
    int numCaptured() {
        return numCaptured;
    }

    /** Launches, copies and fills of the largest graph that is captured. */
    int numNodes() {
        int most = 0;
        for (Graph graph : graphs) {
            most = graph == null ? most : graph.numNodes();
        }
        return most;
    }

    /** The rows of the graph that replays a batch, or 0 if it is to be launched directly. */
    int rowsFor(ForwardBatch step) {
        int i = isDecode(step) ? indexFor(step.numSeqs()) : sizes.length;
        return i < sizes.length && graphs[i] != null && step.numLogits() <= sizes[i]
                && deviceBatch.holds(step, sizes[i]) ? sizes[i] : 0;
    }

    /** Whether each sequence has one token, each row of logits is sampled, and there is one. */
    private static boolean isDecode(ForwardBatch step) {
        if (step.numSeqs() == 0 || step.numTokens() != step.numSeqs() || step.numLogits() == 0) {
            return false;
        }
        for (int row = 0; row < step.numLogits(); row++) {
            if (step.isScored(row)) {
                return false;
            }
        }
        return true;
    }

    private int indexFor(int numSeqs) {
        int found = Arrays.binarySearch(sizes, numSeqs);
        return found >= 0 ? found : -1 - found;
    }

    /** Queues the graph of so many rows. */
    void replay(int rows) {
        stream.launch(graphs[Arrays.binarySearch(sizes, rows)]);
    }

    void captureAll() {
        while (!isComplete()) {
            captureNext(null);
        }
    }

    /** Captures the size that a step would have used, or else the smallest that is left. */
    void captureNext(ForwardBatch step) {
        int next = step != null && isDecode(step) ? indexFor(step.numSeqs()) : sizes.length;
        if (next >= sizes.length || graphs[next] != null) {
            next = 0;
            while (next < sizes.length && graphs[next] != null) {
                next++;
            }
        }
        if (next < sizes.length) {
            graphs[next] = capture(sizes[next]);
            numCaptured++;
        }
    }

    private Graph capture(int rows) {
        batch.clear();
        for (int row = 0; row < rows; row++) {
            batch.sample(batch.addDecode(row, 0, 0, 0));
        }
        for (int row = 0; row < rows && numSnapshots > 0; row++) {
            batch.writeSnapshot(row, 0);
        }
        deviceBatch.useRows(rows);
        stream.beginCapture();
        try {
            compute.accept(batch);
        } catch (RuntimeException | Error e) {
            try {
                stream.endCapture("a capture that failed").close();
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        return stream.endCapture("decode of " + rows);
    }

    @Override
    public void close() {
        for (Graph graph : graphs) {
            if (graph != null) {
                graph.close();
            }
        }
    }
}
