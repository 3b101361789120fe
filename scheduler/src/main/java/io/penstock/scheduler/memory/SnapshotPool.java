package io.penstock.scheduler.memory;

import io.penstock.runtime.ForwardBatch;
import java.util.Arrays;

/**
 * Conv snapshots. One is free, or kept at the end of a cached block, or pinned by those who are about to write it or
 * start from it. A kept and pinned snapshot is not evicted.
 */
final class SnapshotPool {
    private static final int NO_BLOCK = -1;

    private final IndexPool free;
    private final int[] numPins;
    private final int[] blocks;
    private final Links kept;

    SnapshotPool(int size) {
        free = new IndexPool("snapshot", size);
        numPins = new int[size];
        blocks = new int[size];
        Arrays.fill(blocks, NO_BLOCK);
        kept = new Links(size);
    }

    int numFree() {
        return free.numFree();
    }

    int numKept() {
        return kept.size();
    }

    /** A pinned snapshot to write to, or {@link ForwardBatch#NO_SNAPSHOT} when none can be freed. */
    int take(int[] snapshotOfBlock) {
        if (free.numFree() == 0) {
            int victim = kept.oldest();
            while (victim >= 0 && numPins[victim] > 0) {
                victim = kept.after(victim);
            }
            if (victim < 0) {
                return ForwardBatch.NO_SNAPSHOT;
            }
            snapshotOfBlock[blocks[victim]] = ForwardBatch.NO_SNAPSHOT;
            drop(victim);
        }
        int snapshot = free.take();
        numPins[snapshot] = 1;
        return snapshot;
    }

    void pin(int snapshot) {
        if (!free.isTaken(snapshot)) {
            throw new IllegalStateException("snapshot " + snapshot + " is free");
        }
        numPins[snapshot]++;
    }

    void unpin(int snapshot) {
        if (--numPins[snapshot] < 0) {
            throw new IllegalStateException("snapshot " + snapshot + " is not pinned");
        }
        if (numPins[snapshot] == 0 && blocks[snapshot] == NO_BLOCK) {
            free.release(snapshot);
        }
    }

    void keep(int snapshot, int block) {
        blocks[snapshot] = block;
        kept.add(snapshot);
    }

    void touch(int snapshot) {
        kept.remove(snapshot);
        kept.add(snapshot);
    }

    /** Its block is gone. */
    void drop(int snapshot) {
        kept.remove(snapshot);
        blocks[snapshot] = NO_BLOCK;
        if (numPins[snapshot] == 0) {
            free.release(snapshot);
        }
    }

    int size() {
        return free.size();
    }

    int block(int snapshot) {
        return blocks[snapshot];
    }

    int numPins(int snapshot) {
        return numPins[snapshot];
    }

    boolean isFree(int snapshot) {
        return !free.isTaken(snapshot);
    }
}
