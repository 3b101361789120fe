package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.bench.step.StepProfile;
import io.penstock.bench.step.StepReport;
import io.penstock.device.Device;
import io.penstock.device.DeviceProbe;
import io.penstock.runtime.InputException;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.model.OperationObserver;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a step is timed as, over a driver whose every event is 1.5 ms behind the one before. */
class StepProfileTest {
    private final FakeDriver driver = new FakeDriver();

    private StepProfile.Result time(StepProfile.Step step, boolean hasHalves) {
        driver.isEventDone = true;
        var found = (DeviceProbe.Available) CudaDevices.probe(driver, 0, 0);
        try (Device device = CudaDevices.open(driver, 0, found.properties(), LaunchMode.QUEUED);
                DummyCheckpoint tensors = new DummyCheckpoint(ModelShapes.named("penstock-demo"), 1)) {
            return new StepProfile(device, tensors, DeviceSpec.named("h200"))
                    .time(step, OperationObserver.NONE, hasHalves);
        }
    }

    @Test
    void aStepIsTimedAsOneBatchAndAsTwoHalves() {
        var step = new StepProfile.Step(8, 64, false);
        StepProfile.Result result = time(step, true);
        assertEquals(Set.of("directUs", "replayUs", "launches", "halvesDirectUs", "halvesReplayUs", "halvesLaunches"),
                result.step().keySet());
        List<String> lines = StepReport.lines("model", step, result);
        assertEquals("as one batch 1500.0 us, as two halves beside each other 1500.0 us (1.00 of it); by graph",
                lines.getLast());
        assertEquals(Set.of(), driver.live);
    }

    @Test
    void withoutHalvesThereIsNoLineOfThem() {
        var step = new StepProfile.Step(8, 64, false);
        List<String> lines = StepReport.lines("model", step, time(step, false));
        assertTrue(lines.getLast().startsWith("all operations"), lines.getLast());
    }

    @Test
    void tooFewSequencesHaveNoHalves() {
        var refusal = assertThrows(InputException.class, () -> time(new StepProfile.Step(3, 64, false), true));
        assertEquals("a step of 3 sequences has no halves with a row for each expert: raise it",
                refusal.getMessage());
        assertEquals(Set.of(), driver.live);
    }
}
