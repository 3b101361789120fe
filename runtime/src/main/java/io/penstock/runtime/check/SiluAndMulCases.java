package io.penstock.runtime.check;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** The activation of gate and up, of bfloat16 and of float32 projections, and far from zero. */
final class SiluAndMulCases {
    private static final String NAME = "silu_and_mul";
    private static final ModelLimits LIMITS = Samples.limits(1, 1);
    private static final ModelConfig CONFIG = Samples.config(8);

    private SiluAndMulCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : new int[][] {{1, 8}, {65, 136}, {2, 1792}}) {
            all.add(OperationCase.small(NAME, size[0] + " x " + size[1],
                    trial -> check(trial, size[0], size[1], false)));
        }
        for (int[] size : new int[][] {{3, 72}, {5, 1032}, {3, 520}}) {
            all.add(OperationCase.small(NAME, size[0] + " x " + size[1] + ", float32",
                    trial -> check(trial, size[0], size[1], true)));
        }
        all.add(OperationCase.large(NAME, "129 x 7168", trial -> check(trial, 129, 7168, false)));
        return all;
    }

    static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    private static void check(Trial trial, int numRows, int width, boolean isFloat32) {
        int length = numRows * 2 * width;
        float[] gateUp = isFloat32 ? trial.samples().normalFloat32(length, 4) : trial.samples().normal(length, 4);
        gateUp[0] = isFloat32 ? -87.1f : -87;
        gateUp[1] = -120;
        gateUp[2] = 95;
        double[] expected = new double[numRows * width];
        double[] bounds = new double[expected.length];
        for (int i = 0; i < expected.length; i++) {
            double gate = gateUp[i / width * 2 * width + i % width];
            expected[i] = silu(gate) * gateUp[i / width * 2 * width + width + i % width];
            bounds[i] = Math.abs(expected[i]) * (Closeness.BF16 + (8 + Math.abs(gate)) * 0x1p-23) + 1e-34;
        }
        try (OperationBackend backend = trial.open(CONFIG, LIMITS);
                OperationBackend twin = trial.twin(CONFIG, LIMITS)) {
            float[] actual = isFloat32 ? backend.siluAndMul(gateUp, width) : backend.siluAndMulRounded(gateUp, width);
            trial.closeness().requireClose(NAME, width, expected, bounds, actual);
            // The twin's e^x ends at -87.3, so what is smaller than float32's normal range may differ.
            actual[0] = actual[1] = 0;
            float[] same = twin.siluAndMul(gateUp, width);
            same[0] = same[1] = 0;
            trial.closeness().requireTwin(NAME, width, same, actual);
        }
    }
}
