package io.penstock.bench.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.simulate.StepWork.Attention;
import io.penstock.bench.simulate.StepWork.Copies;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Step costs against floors that were worked out by hand. */
class FloorCostTest {
    private static final ModelConfig MODEL = ModelShapes.named("lfm2.5-8b-a1b");

    private static FloorCost on(String device) {
        return new FloorCost(MODEL, DeviceSpec.named(device), 1);
    }

    @ParameterizedTest
    @CsvSource({"1, 0.79", "32, 4.00", "100, 4.30", "256, 4.97", "1024, 9.06", "2048, 15.3", "4096, 30.6"})
    void decodeOnH200(int numSeqs, double milliseconds) {
        double found = on("h200").costNs(StepWork.decode(numSeqs, 1024)) / 1e6;
        assertEquals(milliseconds, found, 0.02 * milliseconds);
    }

    @ParameterizedTest
    @CsvSource({"1, 1.0", "32, 6.2", "100, 18", "256, 41", "1024, 92", "2048, 117", "4096, 120"})
    void decodeOnH100(int numSeqs, double kiloTokensPerSecond) {
        double found = 1e6 * numSeqs / on("h100").costNs(StepWork.decode(numSeqs, 1024));
        assertEquals(kiloTokensPerSecond, found, 0.02 * kiloTokensPerSecond);
    }

    @Test
    void prefillOfEightThousandTokensOnH200() {
        int n = 8192;
        var work = new StepWork(n, 1, Attention.NONE, new Attention(n, n, n * (n + 1.0) / 2), Copies.NONE);
        assertEquals(259_000, 1e9 * n / on("h200").costNs(work), 0.05 * 259_000);
    }

    @Test
    void efficiencyDivides() {
        StepWork work = StepWork.decode(100, 1000);
        assertEquals(on("h200").costNs(work) / 0.5,
                new FloorCost(MODEL, DeviceSpec.named("h200"), 0.5).costNs(work), 1);
        assertThrows(InputException.class, () -> new FloorCost(MODEL, DeviceSpec.named("h200"), 0));
    }

    @Test
    void copiesCostWhatTheBusTakes() {
        var swap = new StepWork(0, 0, Attention.NONE, Attention.NONE, new Copies(0, 10, 1));
        assertEquals((10 * 786_432 + 147_456) / 55e9 * 1e9, on("h200").costNs(swap), 1);
        var within = new StepWork(0, 0, Attention.NONE, Attention.NONE, new Copies(10, 0, 0));
        assertEquals(2 * 10 * 786_432 / 4.3e12 * 1e9, on("h200").costNs(within), 1);
    }

    @Test
    void denseShapesHaveNoExperts() {
        var cost = new FloorCost(ModelShapes.named("lfm2-1.2b"), DeviceSpec.named("h200"), 1);
        double weightsNs = 2.0 * ModelShapes.named("lfm2-1.2b").parameters() / 4.3e12 * 1e9;
        assertEquals(weightsNs, cost.costNs(StepWork.decode(1, 1)), 0.02 * weightsNs);
    }

    @Test
    void slowerDevicesAreSlower() {
        StepWork work = StepWork.decode(512, 1024);
        long previous = 0;
        for (String name : new String[] {"h200", "h100", "a100-80", "rtx4090"}) {
            long costNs = on(name).costNs(work);
            assertTrue(costNs > previous, name);
            previous = costNs;
        }
        assertEquals("unknown device 'b300': known are h200, h100, a100-40, a100-80, l40s, rtx4090",
                assertThrows(InputException.class, () -> DeviceSpec.named("b300")).getMessage());
    }
}
