package io.penstock.bench.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerConfig;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small fleets: everything ends once, whatever dies, and policies differ in what they are for. */
class FleetTest {
    private static final FleetConfig.Failures TWO = new FleetConfig.Failures(2, 200_000_000, 500_000_000);

    private static FleetConfig config(Scenario scenario, int numReplicas, RouterPolicy policy, double load,
            FleetConfig.Failures failures) {
        int numRequests = 120 * numReplicas;
        int maxLength = SimulationConfig.maxLength(scenario, 7, numRequests, 0.25);
        var limits = new ModelLimits(16, 2048, maxLength, 16 * 3 * ModelLimits.blocksFor(maxLength), 64);
        var engine = new SimulationConfig.Engine(limits, SchedulerConfig.throughput(), true,
                SimulationConfig.NO_QUEUE_LIMIT, 100_000, 0);
        var replica = new SimulationConfig(scenario, 7, numRequests, 0.25, engine, SmallVariant.H200, false);
        return new FleetConfig(replica, numReplicas, policy, load, failures);
    }

    private static Map<String, Double> run(FleetConfig config) {
        return Fleet.run(config, ended -> { }).metrics();
    }

    @ParameterizedTest
    @EnumSource
    void everyRequestEndsThoughGpusDie(RouterPolicy policy) {
        FleetConfig config = config(Scenario.UNIFORM_512, 6, policy, 0.7, TWO);
        Map<String, Double> metrics = run(config);
        assertEquals(720, metrics.get("completed"));
        assertTrue(metrics.get("retried_requests") > 0, "nothing was lost");
        assertTrue(metrics.get("lost_token_share") > 0 && metrics.get("lost_token_share") < 0.2);
        assertEquals(metrics, run(config), "the same seed, the same figures");
        Map<String, Double> calm = run(config(Scenario.UNIFORM_512, 6, policy, 0.7, FleetConfig.Failures.NONE));
        assertEquals(0, calm.get("retried_requests"));
        assertTrue(calm.get("p99_ttft_ms") < metrics.get("p99_ttft_ms"), "failures cost nobody anything");
    }

    @Test
    void affinityFindsWhatTheConversationLeftBehind() {
        double affine = run(config(Scenario.MULTI_TURN_CHAT, 8, RouterPolicy.PREFIX_AFFINITY, 0.5,
                FleetConfig.Failures.NONE)).get("prefix_hit_rate");
        double robin = run(config(Scenario.MULTI_TURN_CHAT, 8, RouterPolicy.ROUND_ROBIN, 0.5,
                FleetConfig.Failures.NONE)).get("prefix_hit_rate");
        assertTrue(affine > 1.3 * robin, affine + " of the prompts are found by affinity, " + robin + " in turn");
    }

    @Test
    void theLeastLoadedWaitsLessThanTheNextInTurn() {
        double least = run(config(Scenario.SKEWED_MIX, 8, RouterPolicy.LEAST_LOADED, 0.8, FleetConfig.Failures.NONE))
                .get("p99_ttft_ms");
        double robin = run(config(Scenario.SKEWED_MIX, 8, RouterPolicy.ROUND_ROBIN, 0.8, FleetConfig.Failures.NONE))
                .get("p99_ttft_ms");
        assertTrue(least < robin, least + " ms to the least loaded, " + robin + " in turn");
    }

    @Test
    void aFleetDoesWhatItsGpusDo() {
        Map<String, Double> one = run(config(Scenario.UNIFORM_512, 1, RouterPolicy.ROUND_ROBIN, 0.9,
                FleetConfig.Failures.NONE));
        Map<String, Double> four = run(config(Scenario.UNIFORM_512, 4, RouterPolicy.LEAST_LOADED, 0.9,
                FleetConfig.Failures.NONE));
        assertEquals(4, four.get("ideal_output_throughput") / one.get("ideal_output_throughput"), 0.2);
        assertEquals(4, four.get("output_throughput") / one.get("output_throughput"), 0.6);
        assertTrue(four.get("busiest_to_mean") < 1.2);
    }

    @Test
    void nobodyWouldBeLeft() {
        assertThrows(InputException.class,
                () -> config(Scenario.UNIFORM_512, 1, RouterPolicy.ROUND_ROBIN, 0.9, TWO));
        assertThrows(InputException.class,
                () -> config(Scenario.UNIFORM_512, 2, RouterPolicy.ROUND_ROBIN, 0, FleetConfig.Failures.NONE));
    }
}
