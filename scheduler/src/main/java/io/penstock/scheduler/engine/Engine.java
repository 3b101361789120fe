package io.penstock.scheduler.engine;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.StepResult;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.Scheduler;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.Step;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop that turns requests into tokens: take commands, plan and launch the next step, then look at the tokens of
 * the one before. One thread runs it and owns scheduler and runner; all others go through {@link #proxy}.
 */
public final class Engine implements AutoCloseable {
    static final int ALL_CHOICES = -1;

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final String THREAD_NAME = "penstock-engine";

    /** How long an idle engine sleeps when nobody wakes it: with requests whose fronts do not read, and without. */
    private static final long STALLED_SLEEP_NS = 200_000;
    private static final long IDLE_SLEEP_NS = 100_000_000;

    private final ModelRunner runner;
    private final EngineConfig config;
    private final LongSupplier clock;
    private final Scheduler scheduler;
    private final int maxInFlight;
    private final EngineProxy proxy = new EngineProxy(this);
    private final PhaseTimes times = new PhaseTimes();
    private final ConcurrentLinkedQueue<Command> commands = new ConcurrentLinkedQueue<>();
    private final AtomicInteger numQueued = new AtomicInteger();
    private final CountDownLatch drained = new CountDownLatch(1);
    private long numTaken;
    private long numBegun;

    private final AtomicReference<EngineState> state = new AtomicReference<>(EngineState.RUNNING);
    private volatile String failure = "";
    private volatile long stepStartNs;
    private volatile boolean isStepping;
    private volatile boolean isAsleep;
    private volatile boolean isTerminated;
    private volatile Thread thread;

    /** What other threads want of the engine. */
    sealed interface Command {}

    private record Submit(Request request) implements Command {}

    record Abort(Request request, int choice) implements Command {}

    record ResetPrefixCache() implements Command {}

    /**
     * Takes over the runner and closes it in the end.
     *
     * @param clock ns, from any origin; the one that deadlines are measured by
     */
    public Engine(ModelRunner runner, EngineConfig config, LongSupplier clock) {
        this.runner = runner;
        this.config = config;
        this.clock = clock;
        scheduler = new Scheduler(runner.limits(), config.scheduler());
        maxInFlight = config.overlap() ? ModelRunner.MAX_STEPS_IN_FLIGHT : 1;
    }

    public EngineProxy proxy() {
        return proxy;
    }

    /** Runs the loop on a thread of its own until {@link #close}. */
    public void start() {
        if (thread != null) {
            throw new IllegalStateException("the engine was started already");
        }
        Thread loop = new Thread(this::run, THREAD_NAME);
        loop.setDaemon(true);
        thread = loop;
        loop.start();
    }

    private void run() {
        try {
            while (state() != EngineState.STOPPED) {
                if (doWork() == 0) {
                    sleep();
                }
            }
        } finally {
            terminate();
        }
    }

    private void sleep() {
        isAsleep = true;
        if (commands.isEmpty() && state() != EngineState.STOPPED) {
            LockSupport.parkNanos(this, scheduler.isIdle() ? IDLE_SLEEP_NS : STALLED_SLEEP_NS);
        }
        isAsleep = false;
    }

    /**
     * One duty cycle: commands, at most one step launched, at most one step's tokens taken.
     *
     * @return how much was done; 0 when there is nothing to do
     */
    public int doWork() {
        int work = 0;
        long start = clock.getAsLong();
        if (!commands.isEmpty()) {
            work = takeCommands();
            long end = clock.getAsLong();
            times.commandsNs += end - start;
            start = end;
        }
        if (isUp()) {
            stepStartNs = start;
            isStepping = true;
            try {
                work += step(start);
            } catch (Throwable e) {
                fail(e);
            }
            isStepping = false;
            countBegun();
            if (state() == EngineState.DRAINING && scheduler.isIdle() && commands.isEmpty()) {
                drained.countDown();
            }
        }
        return work;
    }

    private int step(long startNs) {
        int work = 0;
        long start = startNs;
        if (scheduler.numInFlight() < maxInFlight) {
            Step step = scheduler.schedule(start);
            long planned = clock.getAsLong();
            times.scheduleNs += planned - start;
            start = planned;
            if (!step.isEmpty()) {
                step.launch(runner);
                start = clock.getAsLong();
                times.launchNs += start - planned;
                work++;
            }
        }
        if (scheduler.numInFlight() == maxInFlight || work == 0 && scheduler.numInFlight() > 0) {
            StepResult result = runner.await();
            long awaited = clock.getAsLong();
            times.awaitNs += awaited - start;
            scheduler.process(result);
            times.processNs += clock.getAsLong() - awaited;
            work++;
        }
        return work;
    }

    private int takeCommands() {
        int count = 0;
        Command command = commands.poll();
        while (command != null) {
            count++;
            switch (command) {
                case Submit submit -> {
                    scheduler.submit(submit.request());
                    numTaken++;
                    if (!isUp()) {
                        scheduler.failAll(endReason());
                    }
                }
                case Abort abort when abort.choice() == ALL_CHOICES -> scheduler.abort(abort.request());
                case Abort abort -> scheduler.abort(abort.request(), abort.choice());
                case ResetPrefixCache reset -> scheduler.resetPrefixCache();
            }
            command = commands.poll();
        }
        return count;
    }

    private FinishReason endReason() {
        return state() == EngineState.FAILED ? FinishReason.ERROR : FinishReason.ABORT;
    }

    private void countBegun() {
        long begun = numTaken - scheduler.numQueuedRequests();
        if (begun != numBegun) {
            numQueued.addAndGet((int) (numBegun - begun));
            numBegun = begun;
        }
    }

    private void fail(Throwable e) {
        failure = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
        state.updateAndGet(now -> now == EngineState.STOPPED ? now : EngineState.FAILED);
        LOG.error("the engine failed: all requests end with an error", e);
        try {
            scheduler.failAll(FinishReason.ERROR);
        } catch (RuntimeException again) {
            LOG.error("ending the requests failed as well", again);
        }
        drained.countDown();
    }

    private void terminate() {
        try {
            takeCommands();
            scheduler.failAll(endReason());
        } finally {
            isTerminated = true;
            drained.countDown();
            runner.close();
        }
    }

    Rejection submit(Request request) {
        Rejection refusal = scheduler.refusal(request);
        if (refusal != null) {
            return refusal;
        }
        EngineState now = state();
        if (now != EngineState.RUNNING) {
            return now == EngineState.DRAINING ? Rejection.DRAINING : Rejection.STOPPED;
        }
        if (numQueued.incrementAndGet() > config.maxQueuedRequests()) {
            numQueued.decrementAndGet();
            return Rejection.QUEUE_FULL;
        }
        if (!request.openOutput()) {
            numQueued.decrementAndGet();
            return Rejection.TOO_MANY_OPEN;
        }
        var submit = new Submit(request);
        commands.add(submit);
        // The loop may have ended between the look at the state and now: then nobody else will see the command.
        if (isTerminated && commands.remove(submit)) {
            numQueued.decrementAndGet();
            request.cancelOutput();
            return Rejection.STOPPED;
        }
        wake();
        return null;
    }

    void command(Command command) {
        if (!isTerminated) {
            commands.add(command);
            wake();
        }
    }

    private void wake() {
        if (isAsleep) {
            LockSupport.unpark(thread);
        }
    }

    void drain() {
        if (state.compareAndSet(EngineState.RUNNING, EngineState.DRAINING)) {
            LockSupport.unpark(thread);
        }
    }

    boolean awaitDrained(long timeoutNs) throws InterruptedException {
        return drained.await(timeoutNs, TimeUnit.NANOSECONDS);
    }

    EngineState state() {
        return state.get();
    }

    private boolean isUp() {
        EngineState now = state();
        return now == EngineState.RUNNING || now == EngineState.DRAINING;
    }

    boolean isHealthy() {
        return isUp() && !(isStepping && clock.getAsLong() - stepStartNs > config.maxStepNs());
    }

    String failure() {
        return failure;
    }

    SchedulerStats stats() {
        return scheduler.stats();
    }

    PhaseTimes phaseTimes() {
        return times;
    }

    /** Ends everything that runs with {@code ABORT} after the step in progress, and closes the runner. */
    @Override
    public void close() {
        state.set(EngineState.STOPPED);
        Thread loop = thread;
        if (loop == null) {
            if (!isTerminated) {
                terminate();
            }
            return;
        }
        LockSupport.unpark(loop);
        boolean interrupted = false;
        while (loop.isAlive()) {
            try {
                loop.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
