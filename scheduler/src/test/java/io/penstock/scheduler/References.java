package io.penstock.scheduler;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import java.util.HashMap;
import java.util.Map;

/** What requests give when each choice is alone in the engine, with whole prompts in a step and no prefix cache. */
final class References {
    private static final ModelLimits LIMITS = new ModelLimits(
            DemoModel.LIMITS.maxNumSeqs(), DemoModel.LIMITS.maxNumBatchedTokens(), DemoModel.MAX_LEN, 7, 0, 0,
            DemoModel.masks(1));

    private final ModelRunner runner;
    private final Map<Recipe, Outcome> outcomes = new HashMap<>();

    References(ModelRunner runner) {
        this.runner = runner;
    }

    Outcome of(Recipe recipe) {
        return outcomes.computeIfAbsent(recipe, this::alone);
    }

    private Outcome alone(Recipe recipe) {
        Outcome whole = new Outcome(0);
        for (int choice = 0; choice < recipe.choices().size(); choice++) {
            var queue = new OutputQueue(1, 1 << 15, () -> {});
            var collector = new Outcome.Collector();
            collector.outcomes.put(1L, new Outcome(1));
            var scheduler = new Scheduler(LIMITS, SchedulerConfig.throughput().withPrefixCaching(false));
            queue.open(1);
            scheduler.submit(recipe.alone(choice).request(1, 0, Request.NO_DEADLINE, queue));
            new Driver(scheduler, runner, false).run();
            while (queue.poll(collector, 1000) > 0) {
                continue;
            }
            Outcome outcome = collector.outcomes.get(1L);
            if (whole.promptRows.isEmpty()) {
                whole.promptRows.addAll(outcome.promptRows);
            }
            whole.choices.addAll(outcome.choices);
        }
        return whole;
    }
}
