package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.runtime.checkpoint.DType;
import io.penstock.runtime.checkpoint.FloatTensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both twins against the definition, on sizes that divide nothing, from every storage type. */
class PanelKernelTest {
    private static final float GUARD = -12345.5f;

    private static float[] random(int n, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = Arithmetic.bf16((float) random.nextGaussian());
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, BF16", "31, 7, 3, BF16", "33, 65, 8, BF16", "70, 129, 9, BF16", "64, 40, 17, BF16",
        "33, 48, 150, BF16", "33, 65, 8, F32", "5, 3, 1, F32", "70, 129, 13, F16"
    })
    void linear(int rows, int columns, int numX, DType dtype) {
        float[] w = random(rows * columns, 1);
        float[] x = random(numX * columns, 2);
        try (Arena arena = Arena.ofShared()) {
            PackedMatrix matrix = PackedMatrix.of(arena, new FloatTensor("w", dtype, w, rows, columns));
            for (CpuKernels kernels : new CpuKernels[] {CpuKernels.scalar(), CpuKernels.vector()}) {
                for (int threads : new int[] {1, 3}) {
                    check(matrix, kernels, threads, w, x, rows, columns, numX);
                }
            }
            float[] row = new float[columns + 2];
            Arrays.fill(row, GUARD);
            matrix.copyRow(rows - 1, row, 1);
            assertEquals(GUARD, row[0]);
            assertEquals(GUARD, row[columns + 1]);
            for (int k = 0; k < columns; k++) {
                assertEquals(w[(rows - 1) * columns + k], row[k + 1], "row copy, column " + k);
            }
        }
    }

    private static void check(PackedMatrix matrix, CpuKernels kernels, int threads, float[] w, float[] x, int rows,
            int columns, int numX) {
        CpuTensor in = new CpuTensor(numX, columns);
        System.arraycopy(x, 0, in.values(), 0, x.length);
        in.useRows(numX);
        CpuTensor out = new CpuTensor(numX + 1, rows);
        Arrays.fill(out.values(), GUARD);
        out.useRows(numX);
        try (WorkerPool pool = new WorkerPool(threads)) {
            new LinearWork(pool, kernels, Arithmetic.FLOAT32)
                    .run(out, in, matrix, LinearWork.Epilogue.STORE);
        }
        for (int r = 0; r < numX; r++) {
            for (int n = 0; n < rows; n++) {
                float sum = 0;
                for (int k = 0; k < columns; k++) {
                    sum = Math.fma(w[n * columns + k], x[r * columns + k], sum);
                }
                assertEquals(sum, out.values()[r * rows + n], kernels.name() + " [" + r + ", " + n + "]");
            }
        }
        for (int i = numX * rows; i < out.values().length; i++) {
            assertEquals(GUARD, out.values()[i], "guard " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({"16, 8, 1", "40, 33, 5", "7, 64, 20"})
    void gateUpInPairs(int width, int columns, int numX) {
        float[] gate = random(width * columns, 3);
        float[] up = random(width * columns, 4);
        float[] x = random(numX * columns, 5);
        try (Arena arena = Arena.ofShared(); WorkerPool pool = new WorkerPool(2)) {
            PackedMatrix matrix = PackedMatrix.gateUp(arena, new FloatTensor("w1", DType.BF16, gate, width, columns),
                    new FloatTensor("w3", DType.BF16, up, width, columns));
            CpuTensor in = new CpuTensor(numX, columns);
            System.arraycopy(x, 0, in.values(), 0, x.length);
            in.useRows(numX);
            CpuTensor out = new CpuTensor(numX, width);
            out.useRows(numX);
            new LinearWork(pool, CpuKernels.vector(), Arithmetic.FLOAT32)
                    .run(out, in, matrix, LinearWork.Epilogue.SILU_AND_MUL);
            for (int r = 0; r < numX; r++) {
                for (int n = 0; n < width; n++) {
                    double g = 0;
                    double u = 0;
                    for (int k = 0; k < columns; k++) {
                        g += (double) gate[n * columns + k] * x[r * columns + k];
                        u += (double) up[n * columns + k] * x[r * columns + k];
                    }
                    double expected = g / (1 + Math.exp(-g)) * u;
                    assertEquals(expected, out.values()[r * width + n], 1e-4 + 1e-5 * Math.abs(expected),
                            "[" + r + ", " + n + "]");
                }
            }
        }
    }
}
