package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class MatrixRowsTest {
    @Test
    void vectorsGiveTheBitsOfTheDefinition() {
        Random random = new Random(5);
        for (int n = 8; n <= 256; n += 8) {
            float[] a = values(random, 16 * 16);
            float[] b = values(random, 16 * n);
            float[] sums = values(random, 16 * n);
            float[] expected = sums.clone();
            MatrixRows.addScalar(a, b, expected, n, 16);
            MatrixRows.add(a, b, sums, n, 16);
            assertArrayEquals(expected, sums, "n = " + n);
        }
    }

    private static float[] values(Random random, int num) {
        float[] values = new float[num];
        for (int i = 0; i < num; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 20));
        }
        return values;
    }
}
