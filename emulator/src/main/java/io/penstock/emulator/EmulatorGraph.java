package io.penstock.emulator;

import io.penstock.device.Graph;
import java.util.List;

/** Captured work, in the order in which it was captured. */
final class EmulatorGraph implements Graph {
    private final String name;
    private final List<Runnable> work;
    private final int numNodes;
    private boolean isClosed;

    EmulatorGraph(String name, Capture capture) {
        this.name = name;
        this.work = List.copyOf(capture.work);
        this.numNodes = capture.numNodes;
    }

    void run() {
        if (isClosed) {
            throw new IllegalStateException("the graph " + name + " is closed");
        }
        work.forEach(Runnable::run);
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
