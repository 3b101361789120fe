package io.penstock.bench.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.bench.simulate.FloorCost;
import io.penstock.bench.simulate.StepWork;
import io.penstock.runtime.config.ModelShapes;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StepTimelineTest {
    @Test
    void stepsFollowEachOtherAndTakeTheirFloors() {
        var context = new RunContext("unknown", Instant.EPOCH, "host", null, "jdk", "command");
        DeviceSpec device = DeviceSpec.named("h200");
        List<BenchResult> steps = StepTimeline.record("lfm2-350m", device, 4, 12, context);
        assertEquals(12, steps.size());
        var cost = new FloorCost(ModelShapes.named("lfm2-350m"), device, 1);
        double least = cost.costNs(StepWork.decode(4, DecodingEngine.meanContext(0) - 40)) / 1e3;
        double most = cost.costNs(StepWork.decode(4, DecodingEngine.meanContext(0) + 80)) / 1e3;
        double doneUs = Double.NEGATIVE_INFINITY;
        double busyUs = 0;
        for (BenchResult step : steps) {
            Map<String, Double> m = step.metrics();
            double tookUs = m.get("deviceEndUs") - m.get("deviceStartUs");
            assertTrue(tookUs >= least - 0.01 && tookUs <= most + 0.01, tookUs + " not in " + least + " to " + most);
            assertTrue(m.get("deviceStartUs") >= doneUs, "the device began a step before the one before it ended");
            assertTrue(m.get("deviceStartUs") >= m.get("startUs"), "the device began a step before it was planned");
            assertEquals(4, m.get("tokens"));
            doneUs = m.get("deviceEndUs");
            busyUs += tookUs;
        }
        double wholeUs = doneUs - steps.getFirst().metrics().get("deviceStartUs");
        assertEquals(1 - busyUs / wholeUs, StepTimeline.idleShare(steps), 1e-9);
    }
}
