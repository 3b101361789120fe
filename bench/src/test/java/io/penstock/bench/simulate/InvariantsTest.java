package io.penstock.bench.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many seeds over small variants of every scenario: all that a run checks holds in each step, and at the end. */
class InvariantsTest {
    private static final int NUM_SEEDS = 200;

    /** So that the seeds reach what they are for. */
    private long numPreempted;
    private long numSwapped;
    private long numCached;
    private long numForks;
    private long numStalled;

    @ParameterizedTest
    @EnumSource
    void holdForEverySeed(Scenario scenario) {
        for (long seed = 0; seed < NUM_SEEDS; seed++) {
            SimulationConfig config = SmallVariant.of(scenario, seed);
            SimulationReport report = Simulation.run(config, 4, ended -> {});
            assertEquals(config.numRequests(),
                    report.count("completed") + report.count("aborted") + report.count("failed"));
            numPreempted += report.count("num_preemptions_recompute");
            numSwapped += report.count("num_preemptions_swap");
            numCached += report.count("num_cached_tokens");
            numForks += report.count("num_forks");
            numStalled += report.count("num_stalled_rows");
        }
        assertTrue(numStalled > 0, "no client was slow");
        switch (scenario) {
            case WORST_MIX_LONG_LIMITS, WORST_MIX_SHORT_LIMITS -> assertTrue(numPreempted > 0 && numSwapped > 0,
                    numPreempted + " preempted, " + numSwapped + " swapped");
            case SHARED_PREFIX_8K, MULTI_TURN_CHAT -> assertTrue(numCached > 0, "no prefix was found");
            case SKEWED_MIX, ABORT_STORM -> assertTrue(numForks > 0, "no prompt was forked");
            default -> { }
        }
    }

    @Test
    void sameSeedSameFigures() {
        SimulationConfig config = SmallVariant.of(Scenario.SKEWED_MIX, 7);
        assertEquals(Simulation.run(config, 1, ended -> {}).toJson(),
                Simulation.run(config, 100, ended -> {}).toJson());
    }
}
