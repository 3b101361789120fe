package io.penstock.bench.simulate;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * When the requests of a workload arrive. In a closed loop a chain begins when another one ends, else at random times;
 * a conversation's next turn comes a while after the answer to the one before.
 */
final class Traffic {
    private static final int THINKING = 1;
    private static final double MEAN_THINKING_NS = 5e9;
    private static final double NS_PER_SECOND = 1e9;

    /** A request that is to come. */
    record Arrival(long timeNs, int index) implements Comparable<Arrival> {
        @Override
        public int compareTo(Arrival other) {
            int byTime = Long.compare(timeNs, other.timeNs);
            return byTime != 0 ? byTime : Integer.compare(index, other.index);
        }
    }

    private final Workload workload;
    private final double scale;
    private final PriorityQueue<Arrival> arrivals = new PriorityQueue<>();
    private int numChainsBegun;
    private boolean isOpen;

    /**
     * @param concurrency chains at once in a closed loop
     * @param chainsPerSecond otherwise
     */
    Traffic(Workload workload, int concurrency, double chainsPerSecond) {
        this.workload = workload;
        scale = workload.scale();
        if (workload.scenario().arrivals().isClosedLoop()) {
            while (numChainsBegun < Math.min(concurrency, workload.numChains())) {
                begin(0);
            }
        } else {
            spread(chainsPerSecond);
        }
    }

    private Traffic(Workload workload) {
        this.workload = workload;
        scale = workload.scale();
    }

    /** Chains begin at random times whatever the scenario says, so many a second on average. */
    static Traffic open(Workload workload, double chainsPerSecond) {
        var traffic = new Traffic(workload);
        traffic.isOpen = true;
        traffic.spread(chainsPerSecond);
        return traffic;
    }

    private void spread(double chainsPerSecond) {
        int burst = workload.scenario().arrivals().burst();
        double gapNs = burst / chainsPerSecond * NS_PER_SECOND;
        SplittableRandom random = workload.random(-1, 0);
        double timeNs = 0;
        while (numChainsBegun < workload.numChains()) {
            for (int i = 0; i < burst && numChainsBegun < workload.numChains(); i++) {
                begin((long) timeNs);
            }
            timeNs += exponential(random, gapNs);
        }
    }

    private void begin(long timeNs) {
        arrivals.add(new Arrival(timeNs, numChainsBegun * workload.numTurns()));
        numChainsBegun++;
    }

    private static double exponential(SplittableRandom random, double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }

    /** The next request that has arrived by {@code nowNs}, or null. */
    Arrival poll(long nowNs) {
        return arrivals.isEmpty() || arrivals.peek().timeNs() > nowNs ? null : arrivals.poll();
    }

    boolean isOver() {
        return arrivals.isEmpty();
    }

    /** When the next one arrives, if there is any. */
    long nextNs() {
        return arrivals.isEmpty() ? Long.MAX_VALUE : arrivals.peek().timeNs();
    }

    /** A request has ended, however it did. */
    void ended(int index, long nowNs) {
        boolean hasNextTurn = workload.turn(index) < workload.numTurns() - 1 && index + 1 < workload.numRequests();
        if (hasNextTurn) {
            double pauseNs = exponential(workload.random(index, THINKING), MEAN_THINKING_NS * scale);
            arrivals.add(new Arrival(nowNs + (long) pauseNs, index + 1));
        } else if (!isOpen && workload.scenario().arrivals().isClosedLoop() && numChainsBegun < workload.numChains()) {
            begin(nowNs);
        }
    }
}
