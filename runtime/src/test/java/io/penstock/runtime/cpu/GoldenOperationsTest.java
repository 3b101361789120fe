package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.model.FeedForward.RouterRule;
import io.penstock.runtime.testing.Goldens;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations at the edges that a model does not reach. */
class GoldenOperationsTest {
    private static final Goldens GOLDEN = Goldens.open("ops/ops.safetensors");

    @ParameterizedTest
    @CsvSource({
        "bias_norm, true, true, 1.0",
        "nobias_norm, false, true, 1.0",
        "bias_nonorm_scaled, true, false, 1.5",
        "nobias_nonorm, false, false, 1.0"
    })
    void router(String setting, boolean hasBias, boolean isNormalised, double scaling) {
        float[] scores = GOLDEN.floats("router.logits");
        float[] bias = hasBias ? GOLDEN.floats("router.expert_bias") : null;
        RouterRule rule = new RouterRule(32, 4, isNormalised, scaling);
        int rows = scores.length / 32;
        int[] ids = new int[rows * 4];
        float[] weights = new float[rows * 4];
        TopKRouter.sigmoid(scores, 0, scores.length);
        for (int r = 0; r < rows; r++) {
            TopKRouter.choose(scores, r * 32, bias, rule, ids, r * 4);
            TopKRouter.weigh(scores, r * 32, rule, ids, weights, r * 4);
        }
        assertArrayEquals(GOLDEN.ints("router." + setting + ".ids"), ids);
        float[] expected = GOLDEN.floats("router." + setting + ".weights");
        for (int i = 0; i < expected.length; i++) {
            assertTrue(Math.abs(expected[i] - weights[i]) <= 1e-5f * Math.abs(expected[i]),
                    "row " + i / 4 + " slot " + i % 4 + ": expected " + expected[i] + ", was " + weights[i]);
        }
    }

    @Test
    void rmsNorm() {
        float[] x = GOLDEN.floats("norm.x");
        float[] weight = GOLDEN.floats("norm.weight");
        float[] exact = GOLDEN.floats("norm.float32");
        float[] rounded = GOLDEN.floats("norm.bfloat16");
        float[] out = new float[x.length];
        for (int from = 0; from < x.length; from += weight.length) {
            CpuKernels.vector().row().rmsNorm(out, from, x, from, weight, 1e-5f, Arithmetic.FLOAT32);
        }
        for (int i = 0; i < x.length; i++) {
            assertTrue(Math.abs(out[i] - exact[i]) <= 1e-6f * Math.abs(exact[i]), "float32 value " + i);
        }
        for (int from = 0; from < x.length; from += weight.length) {
            CpuKernels.vector().row().rmsNorm(out, from, x, from, weight, 1e-5f, Arithmetic.BFLOAT16);
        }
        assertArrayEquals(rounded, out, "bfloat16, bit for bit");
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000_000, 5_000_000})
    void ropeTables(int theta) {
        int[] positions = GOLDEN.ints("rope.positions");
        RopeTable table = new RopeTable(theta, 128_000);
        table.ensure(128_000);
        String name = "rope." + theta;
        assertArrayEquals(GOLDEN.floats(name + ".inv_freq"), table.inverseFrequencies());
        float[] cos = GOLDEN.floats(name + ".cos");
        float[] sin = GOLDEN.floats(name + ".sin");
        for (int p = 0; p < positions.length; p++) {
            for (int i = 0; i < 32; i++) {
                assertEquals(cos[p * 32 + i], table.cos()[positions[p] * 32 + i], 1e-6f, "cos at " + positions[p]);
                assertEquals(sin[p * 32 + i], table.sin()[positions[p] * 32 + i], 1e-6f, "sin at " + positions[p]);
            }
        }
    }

    @Test
    void exponentialStaysWithinTwoUnits() {
        for (float x = -87.3f; x < 88.3f; x += 0.00371f) {
            double exact = Math.exp(x);
            double error = Math.abs(Elementwise.exp(x) - exact) / exact;
            assertTrue(error <= 2.4e-7, "exp(" + x + ") is off by " + error);
        }
        assertEquals(1f, Elementwise.exp(0f));
        assertEquals(0f, Elementwise.exp(Float.NEGATIVE_INFINITY));
        assertEquals(Float.POSITIVE_INFINITY, Elementwise.exp(100f));
        assertTrue(Float.isNaN(Elementwise.exp(Float.NaN)));
    }

    @Test
    void roundingToBfloat16IsToNearestEven() {
        assertEquals(1f, Arithmetic.bf16(1.00390625f), "a tie goes to even");
        assertEquals(1.015625f, Arithmetic.bf16(1.01171875f), "a tie goes to even, upwards");
        assertEquals(-1.0078125f, Arithmetic.bf16(-1.0040f));
        assertEquals(Float.POSITIVE_INFINITY, Arithmetic.bf16(Float.MAX_VALUE));
        assertTrue(Float.isNaN(Arithmetic.bf16(Float.intBitsToFloat(0x7FFFFFFF))));
        assertArrayEquals(new float[] {0, 0}, Arrays.copyOf(new float[] {Arithmetic.bf16(0), 0}, 2));
    }
}
