package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.model.OperationObserver;
import io.penstock.runtime.testing.Goldens;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Steps that are only to be timed are steps that a device can run. */
class StepProbeTest {
    private static final int NUM_SEQS = 8;
    private static final int CONTEXT = 512;

    /** More changes of block tables than one step has room for. */
    @Test
    void aLargeDecodeStepRuns() {
        ModelLimits limits = StepProbe.limits(NUM_SEQS, CONTEXT);
        assertTrue(NUM_SEQS * ModelLimits.blocksFor(CONTEXT) > limits.maxNumBlockUpdates());
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1).on(90));
        try (device; Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/moe-legacy"));
                StepProbe probe = new StepProbe(
                        device, checkpoint, limits, CudaOptions.DEFAULTS, OperationObserver.NONE)) {
            probe.useDecode(NUM_SEQS, CONTEXT);
            probe.launch();
            probe.replay();
            probe.stream().synchronize();
            assertEquals(List.of(), device.faults());
        }
    }
}
