package io.penstock.emulator;

import java.util.ArrayList;
import java.util.List;

/** Work that is remembered instead of done, of one stream and those that wait for its events. */
final class Capture {
    /** What is done later, behind what a stream has done until then. */
    interface Work {
        void run(Tail tail);
    }

    /** Work of one of the streams. */
    record Node(int stream, Work work) {}

    final EmulatorStream origin;
    final List<Node> nodes = new ArrayList<>();
    final List<EmulatorStream> streams = new ArrayList<>();
    int numNodes;
    boolean isEnded;

    Capture(EmulatorStream origin) {
        this.origin = origin;
    }

    /** Adds what a graph counts. */
    void addNode(EmulatorStream stream, Work work) {
        addMark(stream, work);
        numNodes++;
    }

    /** Adds what only orders. */
    void addMark(EmulatorStream stream, Work work) {
        nodes.add(new Node(streams.indexOf(stream), work));
    }
}
