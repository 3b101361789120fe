package io.penstock.scheduler.engine;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.StepResult;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.Scheduler;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.Step;
import io.penstock.scheduler.memory.BlockListener;
import java.time.Duration;
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

    /** Commands taken in one duty cycle, so that a flood of them does not hold up those that run. */
    private static final int MAX_COMMANDS = 4_096;

    private final ModelRunner runner;
    private final EngineConfig config;
    private final LongSupplier clock;
    private final Scheduler scheduler;
    private final int maxInFlight;
    private final EngineProxy proxy = new EngineProxy(this);
    private final PhaseTimes times = new PhaseTimes();
    private final StepHistograms steps = new StepHistograms();
    private final StepEvent event = new StepEvent();
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

    record Listen(BlockListener listener) implements Command {}

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
    public synchronized void start() {
        if (thread != null || isTerminated) {
            throw new IllegalStateException("the engine was started or closed already");
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
            LockSupport.parkNanos(this, scheduler.isIdle() && !isDraining() ? IDLE_SLEEP_NS : STALLED_SLEEP_NS);
        }
        isAsleep = false;
    }

    private boolean isDraining() {
        return state() == EngineState.DRAINING && drained.getCount() > 0;
    }

    /**
     * One duty cycle: commands, at most one step launched, at most one step's tokens taken.
     *
     * @return how much was done; 0 when there is nothing to do
     */
    public int doWork() {
        int work = 0;
        long start = clock.getAsLong();
        stepStartNs = start;
        isStepping = true;
        try {
            if (!commands.isEmpty()) {
                work = takeCommands(MAX_COMMANDS);
                long end = clock.getAsLong();
                times.commandsNs += end - start;
                start = end;
            }
            if (isUp()) {
                work += step(start);
            }
        } catch (Throwable e) {
            fail(e);
        }
        isStepping = false;
        countBegun();
        // numQueued counts a request before its front looks at the state, so none slips in behind this.
        if (isDraining() && numQueued.get() == 0 && scheduler.isIdle()) {
            drained.countDown();
        }
        return work;
    }

    private int step(long startNs) {
        int work = 0;
        int numTokens = 0;
        int numRows = 0;
        long awaitNs = 0;
        long start = startNs;
        event.begin();
        if (scheduler.numInFlight() < maxInFlight) {
            Step step = scheduler.schedule(start);
            long planned = clock.getAsLong();
            times.scheduleNs += planned - start;
            start = planned;
            if (!step.isEmpty()) {
                numTokens = step.batch().numTokens();
                steps.launched(numTokens);
                step.launch(runner);
                start = clock.getAsLong();
                times.launchNs += start - planned;
                work++;
            }
        }
        if (scheduler.numInFlight() == maxInFlight || work == 0 && scheduler.numInFlight() > 0) {
            StepResult result = runner.await();
            long awaited = clock.getAsLong();
            awaitNs = awaited - start;
            times.awaitNs += awaitNs;
            numRows = result.numRows();
            scheduler.process(result);
            long processed = clock.getAsLong();
            times.processNs += processed - awaited;
            steps.done(processed - startNs, processed - startNs - awaitNs);
            work++;
        }
        if (work > 0) {
            commitEvent(numTokens, numRows, awaitNs);
        }
        return work;
    }

    private void commitEvent(int numTokens, int numRows, long awaitNs) {
        event.end();
        if (event.shouldCommit()) {
            event.numTokens = numTokens;
            event.numRows = numRows;
            event.numRunning = scheduler.stats().numRunning();
            event.numWaiting = scheduler.stats().numWaiting();
            event.awaitNs = awaitNs;
            event.commit();
        }
    }

    private int takeCommands(int maxCommands) {
        int count = 0;
        while (count < maxCommands) {
            Command command = commands.poll();
            if (command == null) {
                break;
            }
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
                case Listen listen -> scheduler.listen(listen.listener());
            }
        }
        return count;
    }

    private FinishReason endReason() {
        return failure.isEmpty() ? FinishReason.ABORT : FinishReason.ERROR;
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
        } catch (Throwable again) {
            LOG.error("ending the requests failed as well", again);
        }
        drained.countDown();
    }

    private void terminate() {
        // Before the last look at the commands: whoever adds one later sees it, and takes the command back.
        isTerminated = true;
        try {
            takeCommands(Integer.MAX_VALUE);
            scheduler.failAll(endReason());
        } finally {
            drained.countDown();
            runner.close();
        }
    }

    Rejection submit(Request request) {
        Rejection refusal = scheduler.refusal(request);
        if (refusal != null) {
            return refusal;
        }
        Rejection rejection = refusal(numQueued.incrementAndGet());
        if (rejection == null && !request.openOutput()) {
            rejection = Rejection.TOO_MANY_OPEN;
        }
        if (rejection != null) {
            numQueued.decrementAndGet();
            return rejection;
        }
        var submit = new Submit(request);
        commands.add(submit);
        // The loop may have ended between the look at the state and now: then it will not see the command.
        if (isTerminated && commands.remove(submit)) {
            numQueued.decrementAndGet();
            request.cancelOutput();
            return Rejection.STOPPED;
        }
        wake();
        return null;
    }

    Rejection refusal() {
        return refusal(numQueued.get() + 1);
    }

    private Rejection refusal(int queued) {
        return switch (state()) {
            case RUNNING -> queued > config.maxQueuedRequests() ? Rejection.QUEUE_FULL : null;
            case DRAINING -> Rejection.DRAINING;
            case FAILED, STOPPED -> Rejection.STOPPED;
        };
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
        return isUp() && !isTerminated && !(isStepping && clock.getAsLong() - stepStartNs > config.maxStepNs());
    }

    String failure() {
        return failure;
    }

    SchedulerStats stats() {
        return scheduler.stats();
    }

    StepHistograms stepHistograms() {
        return steps;
    }

    long numGraphReplays() {
        return runner.numGraphReplays();
    }

    PhaseTimes phaseTimes() {
        return times;
    }

    /**
     * Ends everything that runs with {@code ABORT} after the step in progress, and closes the runner. Waits for that,
     * except on the engine's own thread, for {@link EngineConfig#closeTimeoutNs} at most: a runner that hangs is left
     * to the engine's thread, which closes it should it ever come back.
     */
    @Override
    public void close() {
        state.set(EngineState.STOPPED);
        LockSupport.unpark(thread);
        if (Thread.currentThread() != thread) {
            awaitEnd();
        }
    }

    private synchronized void awaitEnd() {
        if (thread == null) {
            if (!isTerminated) {
                terminate();
            }
            return;
        }
        boolean wasInterrupted = false;
        boolean isWaiting = true;
        while (isWaiting) {
            try {
                if (!thread.join(Duration.ofNanos(config.closeTimeoutNs()))) {
                    LOG.error("the engine was closed without its runner, whose step has not ended within {} s: what"
                            + " the runner holds is free when the process ends", config.closeTimeoutNs() / 1e9);
                }
                isWaiting = false;
            } catch (InterruptedException e) {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
