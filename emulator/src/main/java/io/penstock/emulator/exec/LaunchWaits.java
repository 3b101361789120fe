package io.penstock.emulator.exec;

import java.util.Arrays;

/**
 * Which threads of a block have waited for the launch in front of theirs, and which others are behind such a wait, by a
 * barrier or whatever else orders threads of a block.
 */
final class LaunchWaits {
    private final Cta cta;
    private final int[] behind;
    private long[] waits = new long[32];
    private int numWaits;

    LaunchWaits(Cta cta) {
        this.cta = cta;
        behind = new int[cta.warps.length];
    }

    void clear() {
        Arrays.fill(behind, 0);
        numWaits = 0;
    }

    /** Whether a thread of the block has waited. */
    boolean any() {
        return numWaits > 0;
    }

    /** Some lanes of a warp have waited, at an instruction. */
    void waited(Warp warp, int mask, int site) {
        for (int rest = mask & ~behind[warp.index]; rest != 0; rest &= rest - 1) {
            if (numWaits == waits.length) {
                waits = Arrays.copyOf(waits, 2 * numWaits);
            }
            waits[numWaits++] = warp.agent.stamp(Integer.numberOfTrailingZeros(rest), site, false);
        }
        behind[warp.index] |= mask;
    }

    /** Whether a thread has waited, or comes after one of the block that has. */
    boolean isBehind(Warp warp, int lane) {
        boolean isKnown = (behind[warp.index] >>> lane & 1) != 0;
        for (int i = numWaits - 1; i >= 0 && !isKnown; i--) {
            isKnown = warp.agent.follows(waits[i], cta.index, lane);
        }
        behind[warp.index] |= isKnown ? 1 << lane : 0;
        return isKnown;
    }
}
