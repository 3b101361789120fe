package io.penstock.bench.simulate;

import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Scheduler;
import io.penstock.scheduler.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One GPU of a fleet with its production scheduler: requests in, steps that end, tokens out to the clients. */
final class Replica {
    private static final long NEVER = Long.MAX_VALUE;

    final int number;
    private final SimulationConfig.Engine engine;
    private final Workload workload;
    private final StepCost cost;
    private final Front front;
    private final Map<Integer, SimulatedRequest> open = new LinkedHashMap<>();
    private Scheduler scheduler;
    private SimulatedRunner runner;
    private OutputQueue output;
    private boolean isAlive;
    private boolean isRouted;
    private int life;
    private final Totals totals = new Totals();

    /** Of all its lives. */
    static final class Totals {
        long numPromptTokens;
        long numCachedTokens;
        long numOutputTokens;
        long busyNs;
        long numRecomputedTokens;
    }

    Replica(int number, SimulationConfig.Engine engine, Workload workload, StepCost cost, Front front) {
        this.number = number;
        this.engine = engine;
        this.workload = workload;
        this.cost = cost;
        this.front = front;
        start();
    }

    /** Empty and ready: no request, no cached prefix. */
    void start() {
        scheduler = new Scheduler(engine.limits(), engine.config());
        runner = new SimulatedRunner(engine.limits(), workload, cost, front::choice, false);
        int numSeqs = engine.limits().maxNumSeqs();
        output = new OutputQueue(Math.max(16 * numSeqs, 4096), 8 * numSeqs, () -> {});
        isAlive = true;
        isRouted = true;
        life++;
    }

    /** Whether the router sends requests here: it may not know yet that the replica is dead. */
    boolean isRouted() {
        return isRouted;
    }

    boolean isAlive() {
        return isAlive;
    }

    /** Changes with each start, so that events of a life that has ended can be told. */
    int life() {
        return life;
    }

    /** Requests that were sent here and have not ended. */
    int numOpen() {
        return open.size();
    }

    /** Takes a request; a dead replica keeps it and does nothing. */
    void submit(SimulatedRequest request, long nowNs) {
        open.put(request.index, request);
        front.sent(request);
        if (isAlive) {
            scheduler.submit(request.request);
        }
    }

    OutputQueue output() {
        return output;
    }

    boolean isIdle() {
        return scheduler.numInFlight() == 0;
    }

    /** Plans what can be planned; the time at which the oldest step ends, or {@link Long#MAX_VALUE} if none runs. */
    long plan(long nowNs) {
        int most = engine.overlaps() ? 2 : 1;
        while (scheduler.numInFlight() < most) {
            Step step = scheduler.schedule(nowNs);
            if (step.isEmpty()) {
                break;
            }
            runner.setNow(nowNs + engine.hostNs());
            step.launch(runner);
        }
        return scheduler.numInFlight() == 0 ? NEVER : runner.oldestEndNs();
    }

    /** The oldest step has ended. */
    void takeOldest(long nowNs) {
        scheduler.process(runner.await());
        front.readAt(nowNs);
        while (output.poll(front, Integer.MAX_VALUE) > 0) {
            continue;
        }
        open.values().removeIf(request -> request.numUnfinished == 0);
    }

    /** Power is gone: what was computed is lost. */
    void die() {
        count();
        isAlive = false;
    }

    /** The router has noticed; what was sent here is handed back, to be sent elsewhere. */
    List<SimulatedRequest> handBack() {
        isRouted = false;
        List<SimulatedRequest> lost = new ArrayList<>(open.values());
        lost.forEach(front::lost);
        open.clear();
        return lost;
    }

    /** Adds up this life. */
    private void count() {
        var stats = scheduler.stats();
        totals.numPromptTokens += stats.numPromptTokens();
        totals.numCachedTokens += stats.numCachedTokens();
        totals.numRecomputedTokens += stats.numRecomputedTokens();
        totals.numOutputTokens += stats.numDecodeTokens();
        totals.busyNs += runner.busyNs();
    }

    /** To be asked once, at the end. */
    Totals totals() {
        if (isAlive) {
            count();
        }
        return totals;
    }
}
