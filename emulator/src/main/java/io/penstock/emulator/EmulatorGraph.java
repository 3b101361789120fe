package io.penstock.emulator;

import io.penstock.device.Graph;
import java.util.List;

/** Captured work, in the order in which it was captured. */
final class EmulatorGraph implements Graph {
    private final String name;
    private final List<Capture.Node> nodes;
    private final int numNodes;
    private final StreamOrder.Queue[] queues;
    private boolean isClosed;

    /** @param order of streams; null where nobody checks it */
    EmulatorGraph(String name, Capture capture, StreamOrder order) {
        this.name = name;
        this.nodes = List.copyOf(capture.nodes);
        this.numNodes = capture.numNodes;
        queues = new StreamOrder.Queue[capture.streams.size()];
        for (int i = 1; i < queues.length && order != null; i++) {
            queues[i] = order.queue(capture.streams.get(i).name() + " of the graph " + name);
        }
    }

    /** Does it all in the order of its capture, behind what a stream did before. */
    void run(Tail launching) {
        if (isClosed) {
            throw new IllegalStateException("the graph " + name + " is closed");
        }
        Tail[] tails = new Tail[queues.length];
        for (int i = 0; i < tails.length; i++) {
            tails[i] = new Tail(i == 0 ? launching.queue : queues[i]);
        }
        for (Capture.Node node : nodes) {
            node.work().run(tails[node.stream()]);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int numNodes() {
        return numNodes;
    }

    @Override
    public void close() {
        isClosed = true;
    }
}
