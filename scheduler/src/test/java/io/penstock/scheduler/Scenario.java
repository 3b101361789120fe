package io.penstock.scheduler;

import io.penstock.runtime.ModelLimits;
import java.util.Random;

/**
 * How one run of random traffic is set up, all of it from the seed.
 *
 * @param sleepiness how likely the first front is not to read after a step
 * @param troubles aborts, resets and deadlines in a thousand steps
 */
record Scenario(
        long seed,
        ModelLimits limits,
        SchedulerConfig config,
        boolean overlaps,
        double sleepiness,
        int troubles,
        int numRequests) {

    static Scenario of(long seed) {
        Random random = new Random(seed * 7919 + 1);
        int numSwapBlocks = pick(random, 0, 8, 48);
        int numBlocks = pick(random, 7, 7, 8, 9, 14, 30, 96);
        var limits = new ModelLimits(2 + random.nextInt(11), pick(random, 2, 9, 20, 40, 64, 100, 200, 512),
                DemoModel.MAX_LEN, numBlocks, pick(random, 0, 1, 2, 4, 16, 32), numSwapBlocks,
                DemoModel.masks(1 + (int) (seed % 5)));
        var watermarks = new SchedulerConfig.Watermarks(0, pick(random, 0, 2, 5) / 10.0);
        var config = new SchedulerConfig(random.nextInt(5) > 0, 1 + random.nextInt(4), pick(random, 1, 8),
                pick(random, 1, 7, 33, 64, 100, 1000), pick(random, 1, 1, 1, 60), watermarks);
        return new Scenario(seed, limits, config, random.nextBoolean(), pick(random, 0, 0, 5, 9) / 10.0,
                pick(random, 0, 0, 4, 20), 8 + random.nextInt(20));
    }

    /** The same traffic where each result is taken before the next step is planned. */
    Scenario synchronous() {
        return new Scenario(seed, limits, config, false, sleepiness, troubles, numRequests);
    }

    private static int pick(Random random, int... values) {
        return values[random.nextInt(values.length)];
    }
}
