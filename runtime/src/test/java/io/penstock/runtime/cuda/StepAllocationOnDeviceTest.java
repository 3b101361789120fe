package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.device.DeviceProperties;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.testing.Goldens;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps allocate nothing on the host: two in flight, direct launches, on a device that does nothing. */
class StepAllocationOnDeviceTest {
    private static final int WARM_UPS = 3_000;
    private static final int STEPS = 1_000;

    /** As one batch, and as two halves. */
    @ParameterizedTest
    @CsvSource({"moe-nested, 0, 0", "moe-legacy, 1, 4"})
    void stepsAllocateNothing(String name, int halvedRows, int rowsOfFirst) {
        CudaOptions options = CudaOptions.DEFAULTS.withGraphs(GraphMode.OFF).withHalvedRows(halvedRows);
        ModelLimits limits = new ModelLimits(8, 64, 256, 32, 4);
        var device = new PlannedDevice(new DeviceProperties("none", "none", 80,
                new DeviceProperties.Cores(8, 0, 2048, 65_536, 164 << 10, 163 << 10),
                new DeviceProperties.Memory(1L << 30, 0, 0, 0)));
        try (Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/" + name))) {
            var model = new CudaModel(device, checkpoint, limits, options, _ -> { });
            try (CudaRunner runner = new CudaRunner(model, options, 700, new int[] {3})) {
                for (int slot = 0; slot < 8; slot++) {
                    runner.startSequence(slot, SamplingParams.greedy(100), new int[] {1, 2}, 2, 2);
                }
                ForwardBatch batch = new ForwardBatch(limits);
                steps(runner, batch, WARM_UPS);
                var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                long before = threads.getCurrentThreadAllocatedBytes();
                steps(runner, batch, STEPS);
                long bytes = threads.getCurrentThreadAllocatedBytes() - before;
                assertEquals(rowsOfFirst, model.ops().batch().numFirst());
                assertTrue(bytes < STEPS, bytes + " bytes in " + STEPS + " steps");
            }
        }
    }

    private static void steps(CudaRunner runner, ForwardBatch batch, int number) {
        launch(runner, batch, 0);
        for (int i = 1; i < number; i++) {
            launch(runner, batch, i);
            runner.await();
        }
        runner.await();
    }

    private static void launch(CudaRunner runner, ForwardBatch batch, int step) {
        batch.clear();
        for (int slot = 0; slot < 8; slot++) {
            batch.setBlock(slot, 0, slot);
            batch.sample(batch.addDecode(slot, ForwardBatch.LAST_SAMPLED, step % 64, slot * 64 + step % 64));
        }
        runner.launch(batch);
    }
}
