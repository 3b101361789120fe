package io.penstock.bench.simulate;

import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Scheduler;
import io.penstock.scheduler.Step;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/** One run: the scheduler, the device and the clients take turns under a clock that only their own doing moves on. */
public final class Simulation {
    private static final int ABORTING = 2;
    private static final long NO_TIME = Long.MAX_VALUE;
    private static final double MEAN_ABORT_DELAY_NS = 2e9;
    private static final int MAX_IDLE_ROUNDS = 1000;

    private final SimulationConfig config;
    private final SimulationConfig.Engine engine;
    private final IntConsumer onEnded;
    private final int checkInterval;
    private final Workload workload;
    private final IdealSchedule ideal;
    private final Traffic traffic;
    private final Front front;
    private final Scheduler scheduler;
    private final SimulatedRunner runner;
    private final OutputQueue output;
    private final PriorityQueue<Abort> aborts = new PriorityQueue<>();
    private final Utilisation utilisation;
    private final double requestsPerSecond;
    private long nowNs;
    private long nextReadNs;
    private int numReported;

    /** A client will lose patience. */
    private record Abort(long timeNs, SimulatedRequest request) implements Comparable<Abort> {
        @Override
        public int compareTo(Abort other) {
            int byTime = Long.compare(timeNs, other.timeNs);
            return byTime != 0 ? byTime : Integer.compare(request.index, other.request.index);
        }
    }

    private Simulation(SimulationConfig config, int checkInterval, IntConsumer onEnded) {
        this.config = config;
        this.onEnded = onEnded;
        this.checkInterval = checkInterval;
        engine = config.engine();
        workload = config.workload();
        ideal = IdealSchedule.of(Demand.of(workload), engine.limits(), config.cost());
        requestsPerSecond = config.scenario().arrivals().load() * ideal.requestsPerSecond();
        traffic = new Traffic(workload, engine.limits().maxNumSeqs(), requestsPerSecond / workload.numTurns());
        front = new Front(workload, traffic);
        scheduler = new Scheduler(engine.limits(), engine.config());
        runner = new SimulatedRunner(engine.limits(), workload, config.cost(), front::choice, config.checksContents());
        int numWords = engine.readIntervalNs() > 0 ? 0 : 4 * engine.limits().maxNumSeqs();
        output = new OutputQueue(Math.max(4 * config.numRequests(), 16), numWords, () -> {});
        utilisation = new Utilisation(engine.limits());
    }

    /**
     * Runs to the end.
     *
     * @param checkInterval steps between two full checks of the scheduler's pools
     * @param onEnded called with the number of requests that have ended, now and then
     * @throws SimulationFailure if anything does not hold
     */
    public static SimulationReport run(SimulationConfig config, int checkInterval, IntConsumer onEnded) {
        Simulation simulation;
        try {
            simulation = new Simulation(config, checkInterval, onEnded);
        } catch (ArithmeticException e) {
            throw new SimulationFailure(config, 0, e);
        }
        try {
            simulation.run();
            return simulation.report();
        } catch (IllegalStateException | IllegalArgumentException | IndexOutOfBoundsException | NullPointerException
                | AssertionError e) {
            throw new SimulationFailure(config, simulation.scheduler.stats().numSteps(), e);
        }
    }

    private void run() {
        int numIdle = 0;
        while (!isOver()) {
            deliver();
            Step step = scheduler.schedule(nowNs);
            boolean isPlanned = !step.isEmpty();
            if (isPlanned) {
                launch(step);
                numIdle = 0;
            }
            if (scheduler.numInFlight() == (engine.overlaps() ? 2 : 1) || !isPlanned && scheduler.numInFlight() > 0) {
                takeOldest();
            } else if (!isPlanned) {
                waitForEvent();
                if (++numIdle > MAX_IDLE_ROUNDS) {
                    throw new IllegalStateException("nothing is planned while " + front.numOpen()
                            + " requests are open: " + scheduler.stats().numRunning() + " run, "
                            + scheduler.stats().numWaiting() + " wait");
                }
            }
        }
        checkEnd();
    }

    private boolean isOver() {
        return traffic.isOver() && front.numOpen() == 0 && scheduler.numInFlight() == 0;
    }

    private void launch(Step step) {
        nowNs += engine.hostNs();
        runner.setNow(nowNs);
        step.launch(runner);
        utilisation.add(runner.lastCostNs(), step.batch(), scheduler.stats());
        if (scheduler.stats().numSteps() % checkInterval == 0) {
            scheduler.checkIntegrity();
        }
    }

    private void takeOldest() {
        nowNs = Math.max(nowNs, runner.oldestEndNs());
        deliver();
        scheduler.process(runner.await());
        read();
        if (numReported != front.numEnded()) {
            numReported = front.numEnded();
            onEnded.accept(numReported);
        }
    }

    private void waitForEvent() {
        long nextNs = Math.min(traffic.nextNs(), aborts.isEmpty() ? NO_TIME : aborts.peek().timeNs());
        if (front.numOpen() > 0 && engine.readIntervalNs() > 0) {
            nextNs = Math.min(nextNs, Math.max(nextReadNs, nowNs + 1));
        }
        if (nextNs == NO_TIME) {
            throw new IllegalStateException("nothing is planned and nothing is to come while " + front.numOpen()
                    + " requests are open");
        }
        nowNs = Math.max(nowNs, nextNs);
        read();
    }

    /** What has happened outside by now. */
    private void deliver() {
        while (!aborts.isEmpty() && aborts.peek().timeNs() <= nowNs) {
            abort(aborts.poll().request());
        }
        for (Traffic.Arrival arrival = traffic.poll(nowNs); arrival != null; arrival = traffic.poll(nowNs)) {
            submit(arrival);
        }
    }

    private void submit(Traffic.Arrival arrival) {
        if (scheduler.numQueuedRequests() >= engine.maxQueuedRequests()) {
            front.rejected(arrival.index(), nowNs);
            return;
        }
        var request = new SimulatedRequest(workload, arrival.index(), arrival.timeNs(), output);
        if (scheduler.refusal(request.request) != null) {
            throw new IllegalStateException("request " + arrival.index() + " of " + request.prompt.length
                    + " tokens is refused: " + scheduler.refusal(request.request));
        }
        front.sent(request);
        scheduler.submit(request.request);
        planAbort(request);
    }

    private void planAbort(SimulatedRequest request) {
        SplittableRandom random = workload.random(request.index, ABORTING);
        if (random.nextDouble() >= config.scenario().abortShare()) {
            return;
        }
        switch (random.nextInt(3)) {
            case 0 -> aborts.add(new Abort(nowNs, request));
            case 1 -> request.abortAfterTokens = 1 + random.nextInt(request.lengths.sampled());
            default -> aborts.add(new Abort(nowNs
                    + (long) (-Math.log(1 - random.nextDouble()) * MEAN_ABORT_DELAY_NS * config.lengthScale()),
                    request));
        }
    }

    private void abort(SimulatedRequest request) {
        if (request.numUnfinished > 0 && !request.isAborted) {
            request.isAborted = true;
            for (int choice = request.choices.length - 1; choice > 0; choice--) {
                scheduler.abort(request.request, choice);
            }
            scheduler.abort(request.request);
            read();
        }
    }

    private void read() {
        if (nowNs < nextReadNs) {
            return;
        }
        nextReadNs = nowNs + engine.readIntervalNs();
        front.readAt(nowNs);
        while (output.poll(front, Integer.MAX_VALUE) > 0) {
            while (!front.toAbort.isEmpty()) {
                abort(front.toAbort.poll());
            }
        }
    }

    private void checkEnd() {
        if (!scheduler.schedule(nowNs).isEmpty()) {
            throw new IllegalStateException("a step is planned when all requests have ended");
        }
        scheduler.checkIntegrity();
        var stats = scheduler.stats();
        if (!scheduler.isIdle() || stats.numBlocksInUse() != 0 || stats.numQueuedRequests() != 0
                || stats.numSwapped() != 0 || front.numEnded() != config.numRequests()) {
            throw new IllegalStateException("at the end " + stats.numRunning() + " run, " + stats.numWaiting()
                    + " wait, " + stats.numQueuedRequests() + " are queued, " + stats.numSwapped() + " are swapped, "
                    + stats.numBlocksInUse() + " KV blocks are in use, and " + front.numEnded() + " of "
                    + config.numRequests() + " requests have ended");
        }
    }

    private SimulationReport report() {
        return new SimulationReport(config, front, scheduler.stats(), utilisation.shares(),
                (double) runner.busyNs() / Math.max(1, front.lastEndNs), ideal,
                config.scenario().arrivals().isClosedLoop() ? Double.POSITIVE_INFINITY : requestsPerSecond);
    }
}
