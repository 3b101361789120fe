package io.penstock.bench.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole scenarios on an H200's floors: how near the scheduler comes to a perfect schedule. */
class PredictionTest {
    private static final int H200_BLOCKS = 146_000;

    private static SimulationConfig config(Scenario scenario, int numSeqs, int numRequests, int numBlocks,
            int maxQueued) {
        return config(scenario, numRequests, limits(scenario, numSeqs, numRequests, numBlocks, 0), maxQueued);
    }

    private static ModelLimits limits(Scenario scenario, int numSeqs, int numRequests, int numBlocks, int numSwap) {
        int maxLength = SimulationConfig.maxLength(scenario, 0, numRequests, 1);
        return new ModelLimits(numSeqs, 8192, maxLength, numBlocks, 4 * numSeqs, numSwap);
    }

    private static SimulationConfig config(Scenario scenario, int numRequests, ModelLimits limits, int maxQueued) {
        var engine = new SimulationConfig.Engine(limits, SchedulerConfig.throughput(), true, maxQueued, 0, 0);
        return new SimulationConfig(scenario, 0, numRequests, 1, engine, SmallVariant.H200, false);
    }

    private static SimulationReport run(SimulationConfig config) {
        return Simulation.run(config, 512, ended -> {});
    }

    @Test
    void closedLoopIsNearlyIdeal() {
        SimulationReport report = run(config(Scenario.CLOSED_LOOP_1024_256, 2048, 8192, H200_BLOCKS,
                SimulationConfig.NO_QUEUE_LIMIT));
        assertEquals(8192, report.count("completed"));
        assertEquals(8192 * 256, report.count("total_output_tokens"));
        double ideal = report.figure("ideal_output_throughput");
        assertTrue(ideal > 43_000 && ideal < 45_000, () -> "ideal " + ideal);
        double share = report.figure("output_throughput") / ideal;
        assertTrue(share >= 0.97 && share <= 1, () -> share + " of the ideal");
        assertTrue(report.figure("recomputed_share") < 0.05);
    }

    @Test
    void overloadIsTurnedAwayAndTheRestWaitsNoLongerThanItsQueue() {
        int maxQueued = 256;
        SimulationReport report = run(config(Scenario.OVERLOAD, 512, 8192, H200_BLOCKS, maxQueued));
        assertTrue(report.count("failed") > 2000, () -> report.count("failed") + " turned away");
        double queueMs = 1000 * maxQueued / report.figure("request_throughput");
        double stepMs = report.latency("itl").p99();
        assertTrue(report.latency("ttft").p99() <= 1.25 * queueMs + 4 * stepMs, () -> "TTFT p99 "
                + report.latency("ttft").p99() + " ms behind a queue of " + queueMs + " ms");
        assertTrue(report.figure("output_throughput") > 0.9 * report.figure("ideal_output_throughput"));
    }

    /** As many sequences as an H200 is meant for, and nowhere to swap to. */
    @ParameterizedTest
    @EnumSource(names = {"WORST_MIX_LONG_LIMITS", "WORST_MIX_SHORT_LIMITS", "LONG_8192_2048"})
    void littleIsComputedTwiceOnH200(Scenario scenario) {
        SimulationReport report = run(config(scenario, 2048, 2048, H200_BLOCKS, SimulationConfig.NO_QUEUE_LIMIT));
        assertTrue(report.figure("recomputed_share") < 0.05, () -> "computed again: "
                + report.figure("recomputed_share"));
    }

    /** Memory for a sixth and for a third of what all sequences of a long phase hold at once; 16 GiB to swap to. */
    @ParameterizedTest
    @CsvSource({"WORST_MIX_LONG_LIMITS, 10000", "WORST_MIX_LONG_LIMITS, 20000",
        "WORST_MIX_SHORT_LIMITS, 10000", "WORST_MIX_SHORT_LIMITS, 20000"})
    void worstMixesAreSwappedNotComputedTwice(Scenario scenario, int numBlocks) {
        SimulationReport report = run(config(scenario, 2048, limits(scenario, 512, 2048, numBlocks, 21_845),
                SimulationConfig.NO_QUEUE_LIMIT));
        assertTrue(report.count("num_preemptions_swap") > 0);
        assertTrue(report.figure("recomputed_share") < 0.05, () -> report.figure("recomputed_share") + " after "
                + report.count("num_preemptions_recompute") + " preemptions");
    }

    /** A change of phase that nothing announces, with nowhere to swap to: each sequence gives way about once. */
    @ParameterizedTest
    @EnumSource(names = {"WORST_MIX_LONG_LIMITS", "WORST_MIX_SHORT_LIMITS"})
    void withoutSwapThereIsStillNoStorm(Scenario scenario) {
        SimulationReport report = run(config(scenario, 512, 2048, 10_000, SimulationConfig.NO_QUEUE_LIMIT));
        assertTrue(report.count("num_preemptions_recompute") < 512);
        assertTrue(report.figure("recomputed_share") < 0.12, () -> "computed again: "
                + report.figure("recomputed_share"));
    }

    @Test
    void sharedPrefixIsComputedOnce() {
        SimulationReport report = run(config(Scenario.SHARED_PREFIX_8K, 256, 1024, 20_000,
                SimulationConfig.NO_QUEUE_LIMIT));
        assertTrue(report.figure("prefix_hit_rate") > 0.97, () -> "hits " + report.figure("prefix_hit_rate"));
    }

    @ParameterizedTest
    @EnumSource
    void nothingBeatsTheIdeal(Scenario scenario) {
        SimulationReport report = run(config(scenario, 128, 512, 20_000, SimulationConfig.NO_QUEUE_LIMIT));
        double share = report.figure("output_throughput") / report.figure("ideal_output_throughput");
        assertTrue(share > 0.02 && share <= 1, () -> scenario + ": " + share + " of the ideal");
    }

    @Test
    void keysOfThePeersJson() {
        var json = run(config(Scenario.UNIFORM_512, 16, 32, 1000, SimulationConfig.NO_QUEUE_LIMIT)).toJson();
        for (String key : "duration completed failed total_input_tokens total_output_tokens request_throughput"
                .concat(" output_throughput total_token_throughput max_concurrency request_rate")
                .concat(" ideal_output_throughput num_recomputed_tokens").split(" ")) {
            assertTrue(json.has(key), key);
        }
        for (String time : new String[] {"ttft", "tpot", "itl", "e2el"}) {
            for (String statistic : new String[] {"mean", "median", "std", "p99"}) {
                assertTrue(json.get(statistic + "_" + time + "_ms").isNumber(), statistic + " " + time);
            }
        }
    }

    @Test
    void failureNamesScenarioSeedAndStep() {
        SimulationConfig sound = config(Scenario.UNIFORM_512, 16, 32, 1000, SimulationConfig.NO_QUEUE_LIMIT);
        // The ideal asks for 5,000 costs before the first step.
        int[] numSteps = {-5_000};
        var broken = new SimulationConfig(sound.scenario(), 41, 32, 1, sound.engine(), work -> {
            if (numSteps[0]++ == 300) {
                throw new IllegalStateException("planted");
            }
            return 1000;
        }, false);
        String message = assertThrows(SimulationFailure.class, () -> run(broken)).getMessage();
        assertTrue(message.matches("scenario uniform_512, seed 41, step \\d+: planted"), message);
    }
}
