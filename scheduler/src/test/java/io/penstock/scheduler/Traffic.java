package io.penstock.scheduler;

import io.penstock.runtime.ModelRunner;
import io.penstock.scheduler.Outcome.Choice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One run of random traffic: sends, aborts, reads or does not read, and compares what came with what must come. */
final class Traffic {
    private static final int MAX_IDLE_STEPS = 50;
    private static final int MAX_STEPS = 50_000;

    private final Scenario scenario;
    private final List<Recipe> recipes;
    private final Random random;
    private final Scheduler scheduler;
    private final Driver driver;
    private final Outcome.Collector collector = new Outcome.Collector();
    private final OutputQueue[] queues = {
        new OutputQueue(52, 48, () -> {}), new OutputQueue(100, 1000, () -> {})
    };
    private final List<Request> requests = new ArrayList<>();
    private final List<Recipe> sent = new ArrayList<>();
    private int numIdleSteps;

    /** An output that is not what the request gives alone. */
    static final class Mismatch extends AssertionError {
        private static final long serialVersionUID = 1;

        Mismatch(String message) {
            super(message);
        }
    }

    Traffic(Scenario scenario, List<Recipe> recipes, ModelRunner runner) {
        this.scenario = scenario;
        this.recipes = recipes;
        random = new Random(scenario.seed());
        scheduler = new Scheduler(scenario.limits(), scenario.config());
        driver = new Driver(scheduler, runner, scenario.overlaps());
        driver.onLaunched = this::disturb;
        driver.nowNs = 1;
    }

    /** Runs until all have ended; the runner has no step in flight then, whatever happens. */
    SchedulerStats run(References references) {
        try {
            while (requests.size() < scenario.numRequests() || !scheduler.isIdle()) {
                send();
                disturb();
                boolean hasWorked = driver.step();
                read();
                requireProgress(hasWorked);
            }
            compare(references);
            requireEmpty();
        } catch (AssertionError | RuntimeException e) {
            throw described(e);
        }
        return scheduler.stats();
    }

    private AssertionError described(Throwable e) {
        String message = "step " + driver.numSteps + " of " + scenario + ": " + e.getMessage();
        AssertionError error = e instanceof Mismatch ? new Mismatch(message) : new AssertionError(message);
        error.initCause(e);
        return error;
    }

    private void send() {
        while (requests.size() < scenario.numRequests() && random.nextInt(3) > 0) {
            Recipe recipe = recipes.get(random.nextInt(recipes.size()));
            boolean isToSleepy = random.nextBoolean() && queues[0].open(recipe.choices().size());
            OutputQueue queue = queues[isToSleepy ? 0 : 1];
            boolean isHurried = random.nextInt(1000) < scenario.troubles();
            long deadlineNs = isHurried ? driver.nowNs + random.nextInt(60) * Driver.STEP_NS : Request.NO_DEADLINE;
            long id = requests.size();
            Request request = recipe.request(id, random.nextInt(3) / 2, deadlineNs, queue);
            if (!isToSleepy && !queue.open(request.numChoices())) {
                throw new AssertionError("more sequences open than the queue is made for");
            }
            collector.outcomes.put(id, new Outcome(request.numChoices()));
            requests.add(request);
            sent.add(recipe);
            scheduler.submit(request);
        }
    }

    private void disturb() {
        if (requests.isEmpty()) {
            return;
        }
        if (random.nextInt(1000) < scenario.troubles()) {
            Request request = requests.get(random.nextInt(requests.size()));
            if (random.nextBoolean()) {
                scheduler.abort(request);
            } else {
                scheduler.abort(request, random.nextInt(request.numChoices()));
            }
        }
        if (random.nextInt(2000) < scenario.troubles()) {
            scheduler.resetPrefixCache();
        }
    }

    private void read() {
        queues[1].poll(collector, 1000);
        if (numIdleSteps > 1 || random.nextDouble() >= scenario.sleepiness()) {
            queues[0].poll(collector, 1 + random.nextInt(100));
        }
    }

    private void requireProgress(boolean hasWorked) {
        numIdleSteps = hasWorked ? 0 : numIdleSteps + 1;
        boolean isStuck = numIdleSteps > MAX_IDLE_STEPS && requests.size() == scenario.numRequests();
        if (isStuck || driver.numSteps > MAX_STEPS) {
            throw new AssertionError("no progress with " + scheduler.stats().numRunning() + " running and "
                    + scheduler.stats().numWaiting() + " waiting");
        }
    }

    private void requireEmpty() {
        scheduler.checkIntegrity();
        SchedulerStats stats = scheduler.stats();
        driver.step();
        if (stats.numBlocksInUse() + stats.numRunning() + stats.numWaiting() + stats.numSwapped()
                + stats.numQueuedRequests() > 0) {
            throw new AssertionError("something is left: " + stats.numBlocksInUse() + " blocks, "
                    + stats.numRunning() + " running, " + stats.numWaiting() + " waiting, " + stats.numSwapped()
                    + " swapped, " + stats.numQueuedRequests() + " queued");
        }
        for (OutputQueue queue : queues) {
            if (queue.numReservedWords() != 0 || queue.numOpenSequences() != 0) {
                throw new AssertionError(queue.numReservedWords() + " words reserved, " + queue.numOpenSequences()
                        + " sequences open");
            }
        }
    }

    private void compare(References references) {
        for (OutputQueue queue : queues) {
            while (queue.poll(collector, 100) > 0) {
                continue;
            }
        }
        for (int i = 0; i < requests.size(); i++) {
            Outcome expected = references.of(sent.get(i));
            Outcome actual = collector.outcomes.get((long) i);
            boolean isAnyWhole = false;
            for (int choice = 0; choice < actual.choices.size(); choice++) {
                compare("request " + i + ", choice " + choice, expected.choices.get(choice),
                        actual.choices.get(choice));
                isAnyWhole |= actual.choices.get(choice).isWhole();
            }
            compare("request " + i + ", prompt", expected.promptRows, actual.promptRows, isAnyWhole);
        }
    }

    private static void compare(String what, Choice expected, Choice actual) {
        if (actual.finish == null) {
            throw new AssertionError(what + " has no end");
        }
        boolean isWhole = actual.isWhole();
        compare(what, expected.rows, actual.rows, isWhole);
        if (isWhole && (actual.finish.reason() != expected.finish.reason()
                || actual.finish.stopTokenId() != expected.finish.stopTokenId()
                || actual.finish.numOutputTokens() != expected.finish.numOutputTokens())) {
            throw new Mismatch(what + " ends with " + actual.finish + ", alone with " + expected.finish);
        }
    }

    private static void compare(String what, List<Outcome.Row> expected, List<Outcome.Row> actual, boolean isWhole) {
        for (int i = 0; i < actual.size(); i++) {
            if (i >= expected.size() || !expected.get(i).equals(actual.get(i))) {
                throw new Mismatch(what + ", output " + i + ": " + actual.get(i) + ", alone "
                        + (i < expected.size() ? expected.get(i) : "it has ended"));
            }
        }
        if (isWhole && actual.size() != expected.size()) {
            throw new Mismatch(what + ": " + actual.size() + " outputs, alone " + expected.size());
        }
    }
}
