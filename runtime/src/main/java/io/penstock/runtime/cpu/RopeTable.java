package io.penstock.runtime.cpu;

/**
 * Cosines and sines of the rotary angles by position. Angles are float32(position) * float32(inverse frequency), as
 * the models were trained; float64 angles differ by up to 4e-3 at long contexts. Rows are computed when a position is
 * first reached, because 128,000 of them take longer than a short answer.
 */
public final class RopeTable {
    public static final int HEAD_DIM = 64;
    /** Angles of a position. */
    public static final int HALF = HEAD_DIM / 2;

    private final float[] inverseFrequencies = new float[HALF];
    private final float[] cos;
    private final float[] sin;
    private int numPositions;

    public RopeTable(double theta, int maxPositions) {
        for (int i = 0; i < HALF; i++) {
            inverseFrequencies[i] = 1f / (float) StrictMath.pow(theta, 2f * i / HEAD_DIM);
        }
        cos = new float[Math.multiplyExact(maxPositions, HALF)];
        sin = new float[Math.multiplyExact(maxPositions, HALF)];
    }

    /** Makes the rows below {@code end} ready; called by one thread between operations. */
    public void ensure(int end) {
        for (; numPositions < end; numPositions++) {
            for (int i = 0; i < HALF; i++) {
                float angle = numPositions * inverseFrequencies[i];
                cos[numPositions * HALF + i] = (float) Math.cos(angle);
                sin[numPositions * HALF + i] = (float) Math.sin(angle);
            }
        }
    }

    float[] inverseFrequencies() {
        return inverseFrequencies;
    }

    /** Cosines [positions, 32]. */
    public float[] cos() {
        return cos;
    }

    /** Sines [positions, 32]. */
    public float[] sin() {
        return sin;
    }
}
