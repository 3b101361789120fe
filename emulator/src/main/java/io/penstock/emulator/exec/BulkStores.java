package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.EngineStamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bulk copies of a warp's threads from shared to global memory that are under way. They read as late as they may, which
 * is when their group is waited for, and write as late as they may.
 */
final class BulkStores {
    /** Bytes in an allocation. */
    record Span(Allocation memory, int offset, int numBytes) {}

    /** One of them; its bytes once they are read. */
    private static final class Store {
        private final BulkStore op;
        private final int lane;
        private final int group;
        private final int time;
        private final Span from;
        private final Span to;
        private byte[] bytes;

        Store(BulkStore op, int lane, int group, int time, Span from, Span to) {
            this.op = op;
            this.lane = lane;
            this.group = group;
            this.time = time;
            this.from = from;
            this.to = to;
        }
    }

    private static final int FIRST_ENGINE = 32;

    private final Warp warp;
    private final List<Store> stores = new ArrayList<>();
    private final int[] numCommitted = new int[32];

    BulkStores(Warp warp) {
        this.warp = warp;
    }

    void clear() {
        stores.clear();
        Arrays.fill(numCommitted, 0);
    }

    private int engine() {
        return FIRST_ENGINE + warp.index;
    }

    /** A thread's copy begins. */
    void add(BulkStore op, int lane, Span from, Span to) {
        Launch launch = warp.cta.launch;
        int now = launch.tick();
        EngineStamp stamp = EngineStamp.of(now, op.index, engine(), warp.cta.index);
        if (!launch.memory.readByEngine(op, warp, from, stamp, null)) {
            return;
        }
        launch.memory.where[lane] = to.memory();
        launch.memory.offsets[lane] = to.offset();
        launch.memory.writeByEngine(op, warp, lane, to.numBytes(), op.reduces() ? stamp.atomically() : stamp);
        if (!op.reduces()) {
            to.memory().fillStates(to.offset(), to.numBytes(), Allocation.IN_FLIGHT);
        }
        launch.counters.bulkCopyBytes += to.numBytes();
        stores.add(new Store(op, lane, numCommitted[lane], now, from, to));
    }

    void commit(int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            numCommitted[Integer.numberOfTrailingZeros(rest)]++;
        }
    }

    /**
     * Some threads wait for all their groups but the latest.
     *
     * @param isRead whether only for reading to be over
     */
    void await(int mask, int numPending, boolean isRead) {
        int numKept = 0;
        int done = 0;
        for (int i = 0; i < stores.size(); i++) {
            Store store = stores.get(i);
            boolean isDone = (mask >>> store.lane & 1) != 0 && store.group < numCommitted[store.lane] - numPending;
            if (isDone) {
                done = Math.max(done, store.time);
                read(store);
            }
            if (isDone && !isRead) {
                write(store);
            } else {
                stores.set(numKept++, store);
            }
        }
        stores.subList(numKept, stores.size()).clear();
        if (done > 0) {
            warp.agent.engineDone(engine(), done);
        }
    }

    /** Threads end: what they began ends with them. */
    void finish(int mask) {
        if (!stores.isEmpty()) {
            commit(mask);
            await(mask, 0, false);
        }
    }

    private void read(Store store) {
        if (store.bytes != null) {
            return;
        }
        Span from = store.from;
        int end = from.offset() + from.numBytes();
        store.bytes = Arrays.copyOfRange(from.memory().data(), from.offset(), end);
        for (int i = from.offset(); i < end; i++) {
            byte state = from.memory().states()[i];
            if (state == Allocation.UNWRITTEN || state == Allocation.SPOILED || state == Allocation.COPIED) {
                warp.cta.launch.report.at(store.op, warp, store.lane).fault(FaultKind.UNINITIALISED,
                        store.op.source.name() + " writes memory that nobody wrote, or what was computed from such",
                        store.to.memory().address() + store.to.offset() + i - from.offset(), store.to.memory());
                break;
            }
        }
    }

    private void write(Store store) {
        Allocation to = store.to.memory();
        int offset = store.to.offset();
        int numBytes = store.to.numBytes();
        store.op.write(store.bytes, to, offset);
        to.fillStates(offset, numBytes, Allocation.WRITTEN);
        to.accesses().landed(warp.agent.stamp(store.lane, store.op.index, store.op.reduces()), warp.cta.index, offset,
                numBytes);
        warp.cta.launch.progressed();
    }
}
