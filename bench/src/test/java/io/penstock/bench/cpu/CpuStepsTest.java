package io.penstock.bench.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuModel;
import org.junit.jupiter.api.Test;

class CpuStepsTest {
    /** Norm, router with bias, four experts. */
    private static final long LAST_FEED_FORWARD = 256 + 257 * 8 + 4 * 3 * 256 * 128;

    @Test
    void countsTheWorkAndDoesIt() {
        ModelConfig config = ModelShapes.named("penstock-demo");
        try (DummyCheckpoint tensors = new DummyCheckpoint(config, 1);
                CpuSteps steps = new CpuSteps(tensors, 24, 3, CpuModel.Options.defaults(Arithmetic.FLOAT32))) {
            double ofOneRow = 4096.0 * 256 + LAST_FEED_FORWARD;
            double products = (config.activeParameters() - ofOneRow) * 24 + ofOneRow;
            double expected = 2 * products + 4 * (24 * 25 / 2) * 256 * 2;
            assertEquals(expected, steps.flopsPerPrefill());
            double share = steps.bytesPerDecode() / (2.0 * config.activeParameters());
            assertTrue(share > 0.99 && share < 1.05, "bytes a decode step over bfloat16 active weights: " + share);
            steps.decode(1).warmUp();
            assertEquals(steps.decodeSteps() * steps.bytesPerDecode(), steps.decode(1).run().work());
            assertEquals(steps.bytesPerDecode(), steps.bytesPerDecode(1));
            // 4 of 8 experts a row: a quarter of the rest is idle when two rows more have chosen.
            double all = steps.bytesPerDecode(1000);
            assertEquals((all - steps.bytesPerDecode()) / 4, all - steps.bytesPerDecode(3), 1);
            assertEquals("decode-3", steps.decode(3).name());
            assertEquals(steps.decodeSteps() * steps.bytesPerDecode(3), steps.decode(3).run().work(), 1);
            assertTrue(steps.prefill().run().elapsedNs() > 0);
        }
    }
}
