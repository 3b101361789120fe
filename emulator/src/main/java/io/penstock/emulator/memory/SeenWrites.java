package io.penstock.emulator.memory;

import java.util.Arrays;

/** The writes that an engine met while it read a matrix: others that use what it read must know of them as well. */
public final class SeenWrites {
    private long[] stamps = new long[4];
    private int[] ctas = new int[4];
    private int num;

    public SeenWrites() {}

    public void clear() {
        num = 0;
    }

    /** Whether a write is among the last ones, so that it need not be looked at again. */
    boolean has(long stamp, int cta) {
        for (int i = num - 1; i >= Math.max(0, num - 4); i--) {
            if (stamps[i] == stamp && ctas[i] == cta) {
                return true;
            }
        }
        return false;
    }

    void add(long stamp, int cta) {
        if (num == stamps.length) {
            stamps = Arrays.copyOf(stamps, 2 * num);
            ctas = Arrays.copyOf(ctas, 2 * num);
        }
        stamps[num] = stamp;
        ctas[num++] = cta;
    }

    /** Whether all of them happened before a warp's present, and are fenced for its engines. */
    public boolean areKnown(Agent agent, int lane) {
        for (int i = 0; i < num; i++) {
            if (!agent.follows(stamps[i], ctas[i], lane) || !agent.isFenced(stamps[i], ctas[i])) {
                return false;
            }
        }
        return true;
    }
}
