package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Router;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.model.FeedForward.RouterRule;
import io.penstock.runtime.testing.Goldens;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The device's router at the golden edges: saturation, ties, scores next to nothing. */
class RouterGoldenTest {
    private static final Goldens GOLDEN = Goldens.open("ops/ops.safetensors");
    private static final int EXPERTS = 32;
    private static final int PER_TOKEN = 4;
    private static final int COLUMNS = 8;

    /** An input of ones, and a gate whose rows add up to the logits: three bfloat16 parts are a float32 number. */
    private static float[] gate(float[] logits, int from) {
        float[] gate = new float[EXPERTS * COLUMNS];
        for (int e = 0; e < EXPERTS; e++) {
            float left = logits[from + e];
            for (int part = 0; part < 3; part++) {
                float high = Float.intBitsToFloat(Float.floatToRawIntBits(left) & 0xFFFF0000);
                gate[e * COLUMNS + part] = high;
                left -= high;
            }
            assertEquals(0, left, "logit " + logits[from + e]);
        }
        return gate;
    }

    @ParameterizedTest
    @CsvSource({
        "bias_norm, true, true, 1.0",
        "nobias_norm, false, true, 1.0",
        "bias_nonorm_scaled, true, false, 1.5",
        "nobias_nonorm, false, false, 1.0"
    })
    void router(String setting, boolean hasBias, boolean isNormalised, double scaling) {
        float[] logits = GOLDEN.floats("router.logits");
        float[] bias = hasBias ? GOLDEN.floats("router.expert_bias") : null;
        int[] ids = GOLDEN.ints("router." + setting + ".ids");
        float[] weights = GOLDEN.floats("router." + setting + ".weights");
        RouterRule rule = new RouterRule(EXPERTS, PER_TOKEN, isNormalised, scaling);
        ModelLimits limits = Samples.limits(1, COLUMNS);
        float[] ones = new float[COLUMNS];
        Arrays.fill(ones, 1);
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1));
        try (device; DeviceBackend backend = new DeviceBackend(device, Samples.config(COLUMNS, rule), limits)) {
            for (int r = 0; r < logits.length / EXPERTS; r++) {
                Router router = new Router(gate(logits, r * EXPERTS), bias, rule);
                Choice choice =
                        backend.addRmsNormRouteTopK(ones, new float[COLUMNS], ones, router).choice();
                int from = r * PER_TOKEN;
                assertArrayEquals(
                        Arrays.copyOfRange(ids, from, from + PER_TOKEN), choice.expertIds(), "row " + r);
                for (int slot = 0; slot < PER_TOKEN; slot++) {
                    float expected = weights[from + slot];
                    float actual = choice.weights()[slot];
                    assertTrue(Math.abs(expected - actual) <= 1e-5f * Math.abs(expected),
                            "row " + r + " slot " + slot + ": expected " + expected + ", was " + actual);
                }
            }
            assertEquals(List.of(), device.faults());
        }
    }
}
