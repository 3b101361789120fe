package io.penstock.bench.loadgen.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.penstock.bench.loadgen.LoadClient;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.LoopCounts;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.HdrHistogram.Histogram;

/**
 * Sends the requests of a plan when they are due, whatever the server does, within the places that there are. The
 * caller's thread waits for due times; the end of a request gives its place on from the event loop that saw it.
 */
public final class LoadRun implements RequestRecord.Run {
    private static final int MAX_FAILURES_IN_ROW = 100;

    /** How far it is, for a person. */
    @FunctionalInterface
    public interface Progress {
        /** Called on event loops as requests end. */
        void ended(int numEnded, int numRequests, int numOpen);
    }

    /** A request that is to be sent. */
    private record Due(long timeNs, int index) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            int byTime = Long.compare(timeNs, other.timeNs);
            return byTime != 0 ? byTime : Integer.compare(index, other.index);
        }
    }

    private final LoadPlan plan;
    private final LoadClient client;
    private final boolean areLoopsBusy;
    private final Progress progress;
    private final int[] laterTurn;
    private final List<LoopCounts> counts = new ArrayList<>();
    private volatile RequestRecord.Phase phase = RequestRecord.Phase.RAMP;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by the lock.
    private final PriorityQueue<Due> due = new PriorityQueue<>();
    private final ArrayDeque<Due> waiting = new ArrayDeque<>();
    private final List<RequestRecord> records = new ArrayList<>();
    private final RequestRecord[] recordOf;
    private final Prompt[] said;
    private final long[] queueNs;
    private final long[] placeNs;
    private final boolean[] hadToWait;
    private int numOpen;
    private int maxOpen;
    private int numEnded;
    private int numGivenUp;
    private int failuresInRow;
    private long steadyStartNs;
    private long steadyEndNs;
    private long lastEndNs;
    private String whyStopped;

    /** @param areLoopsBusy whether the client's event loops never sleep */
    public LoadRun(LoadPlan plan, LoadClient client, boolean areLoopsBusy, Progress progress) {
        this.plan = plan;
        this.client = client;
        this.areLoopsBusy = areLoopsBusy;
        this.progress = progress;
        int size = plan.requests().size();
        recordOf = new RequestRecord[size];
        said = new Prompt[size];
        queueNs = new long[size];
        placeNs = new long[size];
        hadToWait = new boolean[size];
        laterTurn = new int[size];
        Arrays.fill(laterTurn, LoadRequest.FIRST_TURN);
        for (LoadRequest request : plan.requests()) {
            if (request.isLaterTurn()) {
                laterTurn[request.after()] = request.index();
            }
        }
    }

    @Override
    public RequestRecord.Phase phase() {
        return phase;
    }

    @Override
    public LoopCounts counts(int loop) {
        return counts.get(loop);
    }

    /** Runs it to the end, or until the server seems gone. */
    public LoadOutcome run() throws InterruptedException {
        LoopWatch watch = new LoopWatch(client.loops());
        long startNs = System.nanoTime();
        client.loops().forEach(_ -> counts.add(new LoopCounts(startNs)));
        for (LoadRequest request : plan.requests()) {
            if (!request.isLaterTurn()) {
                due.add(new Due(startNs + (plan.isClosedLoop() ? 0 : plan.offsetsNs()[request.index()]),
                        request.index()));
            }
        }
        lastEndNs = startNs;
        dispatch();
        lock.lock();
        try {
            var steady = steadyStartNs > 0 && steadyEndNs > steadyStartNs
                    ? new LoadOutcome.Window(steadyStartNs, steadyEndNs) : null;
            long[] queued = records.stream().mapToLong(record -> queueNs[record.request().index()]).toArray();
            return new LoadOutcome(List.copyOf(records), queued, new LoadOutcome.Span(startNs, lastEndNs, steady),
                    new LoadOutcome.Extent(plan.requests().size(), maxOpen, whyStopped), List.copyOf(counts),
                    watch.end(sendLagP99Ns(), areLoopsBusy));
        } finally {
            lock.unlock();
        }
    }

    /** Sends nothing more; what is open may end. */
    public void stop(String why) {
        lock.lock();
        try {
            giveUp(why);
        } finally {
            lock.unlock();
        }
    }

    private void dispatch() throws InterruptedException {
        List<RequestRecord> ready = new ArrayList<>();
        while (true) {
            lock.lockInterruptibly();
            try {
                while (ready.isEmpty()) {
                    if (numEnded + numGivenUp == plan.requests().size()) {
                        return;
                    }
                    takeDue(ready);
                    if (ready.isEmpty()) {
                        await();
                    }
                }
            } finally {
                lock.unlock();
            }
            for (RequestRecord record : ready) {
                client.send(record.request(), record);
            }
            ready.clear();
        }
    }

    private void takeDue(List<RequestRecord> ready) {
        long nowNs = System.nanoTime();
        while (!due.isEmpty() && due.peek().timeNs() <= nowNs) {
            Due next = due.poll();
            if (numOpen < plan.maxConcurrency()) {
                ready.add(open(next, next.timeNs(), false));
            } else {
                waiting.add(next);
            }
        }
    }

    private void await() throws InterruptedException {
        if (due.isEmpty()) {
            changed.await();
        } else {
            changed.awaitNanos(due.peek().timeNs() - System.nanoTime());
        }
    }

    /** Gives a request a place, which it has from {@code fromNs} on; to be sent at once. */
    private RequestRecord open(Due next, long fromNs, boolean waited) {
        numOpen++;
        maxOpen = Math.max(maxOpen, numOpen);
        int index = next.index();
        // In a closed loop nobody waits for a place: that is when the request is made.
        long dueNs = plan.isClosedLoop() ? fromNs : next.timeNs();
        queueNs[index] = fromNs - next.timeNs();
        placeNs[index] = fromNs;
        hadToWait[index] = waited;
        var record = new RequestRecord(whole(plan.requests().get(index)), this, plan.kept(), dueNs, this::ended);
        recordOf[index] = record;
        records.add(record);
        if (records.size() + numGivenUp == plan.requests().size()) {
            drain(System.nanoTime());
        }
        return record;
    }

    private void drain(long nowNs) {
        steadyEndNs = nowNs;
        phase = RequestRecord.Phase.DRAIN;
    }

    private void ended(RequestRecord record, long nowNs) {
        RequestRecord next = null;
        int numEndedNow;
        int numOpenNow;
        lock.lock();
        try {
            numOpen--;
            numEnded++;
            lastEndNs = Math.max(lastEndNs, nowNs);
            failuresInRow = record.isFailed() ? failuresInRow + 1 : 0;
            if (failuresInRow == MAX_FAILURES_IN_ROW && whyStopped == null) {
                giveUp(MAX_FAILURES_IN_ROW + " requests in a row failed");
            }
            if (phase == RequestRecord.Phase.RAMP && !plan.isRamping() && numEnded >= numOpen + 1) {
                steadyStartNs = nowNs;
                phase = RequestRecord.Phase.STEADY;
            }
            followUp(record, nowNs);
            if (!waiting.isEmpty()) {
                next = open(waiting.poll(), nowNs, true);
            }
            if (numEnded + numGivenUp == plan.requests().size()) {
                changed.signalAll();
            }
            numEndedNow = numEnded;
            numOpenNow = numOpen;
        } finally {
            lock.unlock();
        }
        if (next != null) {
            client.send(next.request(), next);
        }
        progress.ended(numEndedNow, plan.requests().size(), numOpenNow);
    }

    /** The turn behind the one that has ended; there is none behind one that failed. */
    private void followUp(RequestRecord record, long nowNs) {
        int later = laterTurn[record.request().index()];
        if (later == LoadRequest.FIRST_TURN || whyStopped != null) {
            return;
        }
        if (record.isFailed()) {
            for (int turn = later; turn != LoadRequest.FIRST_TURN; turn = laterTurn[turn]) {
                numGivenUp++;
            }
            return;
        }
        Due turn = new Due(nowNs, later);
        if (plan.isClosedLoop()) {
            // A place is a client, which goes on with its conversation.
            waiting.addFirst(turn);
        } else {
            waiting.addLast(turn);
        }
    }

    private void giveUp(String why) {
        whyStopped = why;
        numGivenUp = plan.requests().size() - records.size();
        due.clear();
        waiting.clear();
        changed.signalAll();
        if (phase != RequestRecord.Phase.DRAIN) {
            drain(System.nanoTime());
        }
    }

    /** A later turn with all that was said before it. */
    private LoadRequest whole(LoadRequest request) {
        if (!request.isLaterTurn()) {
            said[request.index()] = request.prompt();
            return request;
        }
        RequestRecord before = recordOf[request.after()];
        Prompt all = switch (said[request.after()]) {
            case Prompt.TokenIds(int[] ids) ->
                    joined(ids, before.tokenIds().toArray(), ((Prompt.TokenIds) request.prompt()).ids());
            case Prompt.Messages(ArrayNode messages) -> joined(messages, before.answer(),
                    ((Prompt.Messages) request.prompt()).messages());
            case Prompt.Text(String text) ->
                    new Prompt.Text(text + before.answer() + ((Prompt.Text) request.prompt()).text());
        };
        said[request.index()] = all;
        return request.withPrompt(all, before.inputTokens() + before.outputTokens() + request.inputTokens());
    }

    private static Prompt joined(int[] prompt, int[] answer, int[] more) {
        int[] all = Arrays.copyOf(prompt, prompt.length + answer.length + more.length);
        System.arraycopy(answer, 0, all, prompt.length, answer.length);
        System.arraycopy(more, 0, all, prompt.length + answer.length, more.length);
        return new Prompt.TokenIds(all);
    }

    private static Prompt joined(ArrayNode messages, String answer, ArrayNode more) {
        ArrayNode all = messages.deepCopy();
        all.addObject().put("role", "assistant").put("content", answer);
        all.addAll(more);
        return new Prompt.Messages(all);
    }

    private long sendLagP99Ns() {
        Histogram lag = new Histogram(3);
        for (RequestRecord record : records) {
            int index = record.request().index();
            // The first requests of a closed loop all come at once, and wait for their connections.
            boolean isCounted = !plan.isClosedLoop() || hadToWait[index];
            if (isCounted && record.sentNs() != 0) {
                lag.recordValue(Math.max(0, record.sentNs() - placeNs[index]));
            }
        }
        return lag.getValueAtPercentile(99);
    }
}
