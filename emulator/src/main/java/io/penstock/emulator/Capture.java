package io.penstock.emulator;

import java.util.ArrayList;
import java.util.List;

/** Work that is remembered instead of done, of one stream and those that wait for its events. */
final class Capture {
    final EmulatorStream origin;
    final List<Runnable> work = new ArrayList<>();
    final List<EmulatorStream> streams = new ArrayList<>();
    int numNodes;
    boolean isEnded;

    Capture(EmulatorStream origin) {
        this.origin = origin;
    }

    void addNode(Runnable node) {
        work.add(node);
        numNodes++;
    }
}
