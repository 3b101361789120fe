package io.penstock.emulator.memory;

/**
 * What those that arrived at a barrier knew, for those that wait there: all of it, and what of it is fenced for engines
 * that read and write memory past the threads' own way to it.
 */
public final class Handover {
    final Clock known;
    final Clock fenced;

    /** @param numBlocks of a cluster */
    public Handover(int numBlocks, int numWarps) {
        this.known = new Clock(numBlocks, numWarps);
        this.fenced = new Clock(numBlocks, numWarps);
    }

    /** An engine of a block of the cluster has done what it did until then. */
    public void engineDone(int block, int engine, int until) {
        known.engine(block, engine, until);
    }

    /** All that threads of a block did until then. */
    public void blockDone(int block, int until) {
        known.floor(block, until);
    }

    public void join(Handover other) {
        known.join(other.known);
        fenced.join(other.fenced);
    }

    public void clear() {
        known.clear();
        fenced.clear();
    }
}
