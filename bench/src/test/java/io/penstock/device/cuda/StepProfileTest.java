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

    private StepProfile.Result time(StepProfile.Step step, StepProfile.Way... others) {
        driver.isEventDone = true;
        var found = (DeviceProbe.Available) CudaDevices.probe(driver, 0, 0);
        try (Device device = CudaDevices.open(driver, 0, found.properties(), LaunchMode.QUEUED);
                DummyCheckpoint tensors = new DummyCheckpoint(ModelShapes.named("penstock-demo"), 1)) {
            return new StepProfile(device, tensors, DeviceSpec.named("h200"))
                    .time(step, OperationObserver.NONE, Set.of(others));
        }
    }

    @Test
    void aStepIsTimedAsOneBatchAndAsTwoHalves() {
        var step = new StepProfile.Step(8, 64, false);
        StepProfile.Result result = time(step, StepProfile.Way.HALVES);
        assertEquals(Set.of("directUs", "replayUs", "launches", "halvesDirectUs", "halvesReplayUs", "halvesLaunches"),
                result.step().keySet());
        List<String> lines = StepReport.lines("model", step, result);
        assertEquals("plain 1500.0 us, as two halves beside each other 1500.0 us (1.00 of it); by graph",
                lines.getLast());
        assertEquals(Set.of(), driver.live);
    }

    @Test
    void kernelsThatBeginEarlyAreTimedBesideThoseThatDoNot() {
        var decode = new StepProfile.Step(8, 64, false);
        StepProfile.Result result = time(decode, StepProfile.Way.PROGRAMMATIC);
        assertEquals(Set.of("directUs", "replayUs", "launches", "programmaticDirectUs", "programmaticReplayUs",
                "programmaticLaunches"), result.step().keySet());
        assertEquals("plain 1500.0 us, with launches that begin early 1500.0 us (1.00 of it); by graph",
                StepReport.lines("model", decode, result).getLast());
        var prompt = new StepProfile.Step(1, 64, true);
        assertEquals("plain 1500.0 us, with launches that begin early 1500.0 us (1.00 of it); launched directly",
                StepReport.lines("model", prompt, time(prompt, StepProfile.Way.PROGRAMMATIC)).getLast());
        driver.version = 12_010;
        var refusal = assertThrows(InputException.class, () -> time(decode, StepProfile.Way.PROGRAMMATIC));
        assertEquals("programmatic dependent launches need a driver of CUDA 12.3, and this one is of 12.1: install"
                + " driver 545.23.06 or newer; leave --pdl out", refusal.getMessage());
        assertEquals(Set.of(), driver.live);
    }

    @Test
    void withoutHalvesThereIsNoLineOfThem() {
        var step = new StepProfile.Step(8, 64, false);
        List<String> lines = StepReport.lines("model", step, time(step));
        assertTrue(lines.getLast().startsWith("all operations"), lines.getLast());
    }

    @Test
    void tooFewSequencesHaveNoHalves() {
        var refusal = assertThrows(InputException.class,
                () -> time(new StepProfile.Step(3, 64, false), StepProfile.Way.HALVES));
        assertEquals("a step of 3 sequences has no halves with a row for each expert: raise it",
                refusal.getMessage());
        assertEquals(Set.of(), driver.live);
    }
}
