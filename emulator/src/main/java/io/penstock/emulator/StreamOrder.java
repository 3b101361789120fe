package io.penstock.emulator;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.check.Place;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Moment;
import io.penstock.emulator.memory.StreamLog.Conflict;
import java.util.ArrayList;
import java.util.List;

/**
 * Which work of streams is ordered: on one stream each behind the one before, between streams by events, and behind
 * whatever the host has waited for. Work that is not would run at the same time on a GPU, whatever the order here. In a
 * graph the stream that is launched on goes on, and each other one of the capture is a stream of the graph's own.
 */
final class StreamOrder {
    private final List<Queue> queues = new ArrayList<>();
    private final Moment host;

    StreamOrder() {
        host = new Moment(0);
        queues.add(null);
    }

    /** One order of work. */
    static final class Queue {
        private final StreamOrder order;
        private final String name;
        private final Moment moment;
        private final List<String> works = new ArrayList<>();

        private Queue(StreamOrder order, int number, String name) {
            this.order = order;
            this.name = name;
            moment = new Moment(number);
        }

        /** A work begins: it is behind all that the host has waited for. */
        void begin(String what) {
            synchronized (order) {
                moment.join(order.host.known());
                moment.advance();
                works.add(what);
            }
        }

        Moment moment() {
            return moment;
        }

        /** What the last work's place in the order is, for those who wait. */
        int[] known() {
            return moment.known();
        }

        void join(int[] known) {
            moment.join(known);
        }

        /** What the work under way does at the same time as another. */
        Fault fault(Allocation allocation, Conflict conflict) {
            Queue other = order.queues.get(conflict.stream());
            String message = "on stream " + name + ", at the same time as " + other.works.get(conflict.time() - 1)
                    + " on stream " + other.name + (conflict.isRead() ? " reads it" : " writes it")
                    + ": neither waits for the other";
            return new Fault(FaultKind.RACE_STREAMS, message, new Place(works.getLast(), 0, 0, 0, 0, 0),
                    allocation.address() + conflict.offset(), allocation.name(), conflict.offset());
        }
    }

    synchronized Queue queue(String name) {
        var queue = new Queue(this, queues.size(), name);
        queues.add(queue);
        return queue;
    }

    /** The host has waited for something. */
    synchronized void hostKnows(int[] known) {
        host.join(known);
    }

    /** The host has waited for everything. */
    synchronized void hostKnowsAll() {
        for (Queue queue : queues.subList(1, queues.size())) {
            host.join(queue.known());
        }
    }
}
