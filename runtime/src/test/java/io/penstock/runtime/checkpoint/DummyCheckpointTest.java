package io.penstock.runtime.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DummyCheckpointTest {
    private static final ModelConfig DEMO = ModelShapes.named("penstock-demo");

    @Test
    void everyRoleIsThereWithoutZeros() {
        try (var dummy = new DummyCheckpoint(DEMO, 1)) {
            assertEquals(DEMO.parameters(), CheckpointTest.elementsOfAllRoles(dummy));
            for (short bits : dummy.embedTokens().toBf16()) {
                assertNotEquals(0, bits & 0x7fff);
            }
            assertThrows(IllegalArgumentException.class, () -> dummy.qProj(0));
        }
    }

    @Test
    void valuesDependOnSeedNameAndElementAlone() {
        TensorData w1 = new DummyCheckpoint(DEMO, 1).expertW1(3, 5);
        float[] all = w1.toFloats();
        assertArrayEquals(all, new DummyCheckpoint(DEMO, 1).expertW1(3, 5).toFloats());
        assertFalse(Arrays.equals(all, new DummyCheckpoint(DEMO, 2).expertW1(3, 5).toFloats()));
        assertFalse(Arrays.equals(all, new DummyCheckpoint(DEMO, 1).expertW3(3, 5).toFloats()));
        assertFalse(Arrays.equals(all, new DummyCheckpoint(DEMO, 1).expertW1(3, 6).toFloats()));

        var part = new float[10_001];
        w1.readFloats(777, part, 1, 10_000);
        assertArrayEquals(Arrays.copyOfRange(all, 777, 10_777), Arrays.copyOfRange(part, 1, 10_001));
        assertArrayEquals(Arrays.copyOfRange(all, 256, 512), w1.slice(128, 2, 256).slice(128, 256).toFloats());
        assertThrows(IndexOutOfBoundsException.class, () -> w1.readFloats(all.length - 1, part, 0, 2));
    }

    @Test
    void matricesKeepTheVarianceOfTheirInput() {
        var dummy = new DummyCheckpoint(ModelShapes.named("lfm2.5-8b-a1b"), 3);
        assertStd(1 / Math.sqrt(2048), dummy.qProj(2));
        assertStd(1 / Math.sqrt(1792), dummy.expertW2(23, 31));
        assertStd(1 / Math.sqrt(3), dummy.convWeight(0));
        assertStd(0.02, dummy.embedTokens().slice(127_000L * 2048, 1000, 2048));
        assertEquals(DType.F32, dummy.expertBias(2).dtype());
        for (float weight : dummy.operatorNorm(0).toFloats()) {
            assertEquals(1, weight);
        }
    }

    @Test
    void tensorsAreNotShiftedCopiesOfEachOther() {
        var dummy = new DummyCheckpoint(DEMO, 9);
        float[] a = dummy.w1(0).toFloats();
        float[] b = dummy.w1(1).toFloats();
        double bound = 5 / Math.sqrt(a.length) / 256;
        for (int shift = 0; shift < 64; shift++) {
            double sum = 0;
            for (int i = 0; i + shift < a.length; i++) {
                sum += (double) a[i + shift] * b[i];
            }
            assertTrue(Math.abs(sum / a.length) < bound, "shift " + shift + ": " + sum / a.length);
        }
    }

    private static void assertStd(double expected, TensorData tensor) {
        float[] values = tensor.toFloats();
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double mean = sum / values.length;
        double std = Math.sqrt(squares / values.length - mean * mean);
        assertEquals(1, std / expected, 0.02, tensor.name());
        assertEquals(0, mean / expected, 5 / Math.sqrt(values.length), tensor.name());
    }
}
