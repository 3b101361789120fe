package io.penstock.bench.simulate;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/**
 * Many GPUs behind one router under one virtual clock: each has the production scheduler, requests arrive at random
 * times, and replicas die and start again. A dead replica is noticed after a while; what it had is then sent elsewhere,
 * from its prompt on.
 */
public final class Fleet {
    private static final int FAILURES = 77;

    private final FleetConfig config;
    private final Workload workload;
    private final Traffic traffic;
    private final Front front;
    private final Replica[] replicas;
    private final RouterPolicy.Router router;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final double requestsPerSecond;
    private final IdealSchedule ideal;
    private long numEvents;
    private int numRetried;
    private long numTokensLost;

    private enum Kind { STEP_END, DEATH, NOTICE, START }

    private record Event(long timeNs, long order, Kind kind, Replica replica, int life) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(timeNs, other.timeNs);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private Fleet(FleetConfig config) {
        this.config = config;
        SimulationConfig one = config.replica();
        workload = one.workload();
        ideal = IdealSchedule.of(Demand.of(workload), one.engine().limits(), one.cost());
        requestsPerSecond = config.load() * config.numReplicas() * ideal.requestsPerSecond();
        traffic = Traffic.open(workload, requestsPerSecond / workload.numTurns());
        front = new Front(workload, traffic);
        router = new RouterPolicy.Router(one.seed());
        router.numUp = config.numReplicas();
        replicas = new Replica[config.numReplicas()];
        for (int i = 0; i < replicas.length; i++) {
            replicas[i] = new Replica(i, one.engine(), workload, one.cost(), front);
        }
    }

    /**
     * Runs until every request has ended.
     *
     * @param onEnded called with the number of requests that have ended, now and then
     */
    public static FleetReport run(FleetConfig config, IntConsumer onEnded) {
        var fleet = new Fleet(config);
        fleet.planDeaths();
        fleet.run(onEnded);
        return fleet.report();
    }

    private void planDeaths() {
        SplittableRandom random = workload.random(0, FAILURES);
        double spanNs = 1e9 * workload.numRequests() / requestsPerSecond;
        for (int i = 0; i < config.failures().number(); i++) {
            Replica replica = replicas[random.nextInt(replicas.length)];
            add((long) (spanNs * (0.2 + 0.6 * random.nextDouble())), Kind.DEATH, replica);
        }
    }

    private void add(long timeNs, Kind kind, Replica replica) {
        events.add(new Event(timeNs, numEvents++, kind, replica, replica.life()));
    }

    private void run(IntConsumer onEnded) {
        int numReported = 0;
        while (front.numEnded() < workload.numRequests()) {
            long eventNs = events.isEmpty() ? Long.MAX_VALUE : events.peek().timeNs();
            if (traffic.nextNs() <= eventNs) {
                arrive();
            } else if (eventNs == Long.MAX_VALUE) {
                throw new IllegalStateException("nothing is to come while " + front.numOpen() + " requests are open");
            } else {
                handle(events.poll());
            }
            if (front.numEnded() - numReported >= workload.numRequests() / 1000 + 1) {
                numReported = front.numEnded();
                onEnded.accept(numReported);
            }
        }
    }

    private void arrive() {
        long nowNs = traffic.nextNs();
        Traffic.Arrival arrival = traffic.poll(nowNs);
        route(arrival.index(), arrival.timeNs(), null, nowNs);
    }

    /** @param before the same request as it was lost; null for a new one */
    private void route(int index, long arrivalNs, SimulatedRequest before, long nowNs) {
        router.numOpen = front.numOpen();
        Replica replica = replicas[config.policy().choose(replicas, index / workload.numTurns(), router)];
        var request = new SimulatedRequest(workload, index, arrivalNs, replica.output());
        if (before != null) {
            request.firstTokenNs = before.firstTokenNs;
        }
        boolean wasIdle = replica.isAlive() && replica.isIdle();
        replica.submit(request, nowNs);
        if (wasIdle) {
            planNext(replica, nowNs);
        }
    }

    private void planNext(Replica replica, long nowNs) {
        long endNs = replica.plan(nowNs);
        if (endNs != Long.MAX_VALUE) {
            add(endNs, Kind.STEP_END, replica);
        }
    }

    private void handle(Event event) {
        Replica replica = event.replica();
        long nowNs = event.timeNs();
        switch (event.kind()) {
            case STEP_END -> {
                if (replica.isAlive() && replica.life() == event.life()) {
                    replica.takeOldest(nowNs);
                    planNext(replica, nowNs);
                }
            }
            case DEATH -> {
                if (replica.isAlive() && router.numUp > 1) {
                    replica.die();
                    add(nowNs + config.failures().noticedAfterNs(), Kind.NOTICE, replica);
                }
            }
            case NOTICE -> {
                router.numUp--;
                for (SimulatedRequest lost : replica.handBack()) {
                    numRetried++;
                    for (SimulatedRequest.Choice choice : lost.choices) {
                        numTokensLost += choice.numReceived;
                    }
                    route(lost.index, lost.arrivalNs, lost, nowNs);
                }
                add(nowNs + config.failures().restartNs(), Kind.START, replica);
            }
            case START -> {
                router.numUp++;
                replica.start();
            }
        }
    }

    private FleetReport report() {
        return new FleetReport(config, front, replicas, ideal,
                new FleetReport.Losses(numRetried, numTokensLost), requestsPerSecond);
    }
}
