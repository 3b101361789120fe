package io.penstock.emulator.memory;

import java.util.Arrays;

/** What each lane of a warp knows of each other: until when the other's accesses are ordered before its own. */
final class LaneOrder {
    private static final int NUM_LANES = 32;

    private int all;
    private int[] known;

    /** All lanes meet. */
    void meetAll(int now) {
        all = now;
    }

    /** Some lanes meet: each knows what any of them did, and what any of them knew. */
    void meet(int members, int now) {
        if (known == null) {
            known = new int[NUM_LANES * NUM_LANES];
        }
        int[] together = new int[NUM_LANES];
        for (int rest = members; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            for (int other = 0; other < NUM_LANES; other++) {
                together[other] = Math.max(together[other], known[lane * NUM_LANES + other]);
            }
        }
        for (int rest = members; rest != 0; rest &= rest - 1) {
            together[Integer.numberOfTrailingZeros(rest)] = now;
        }
        for (int rest = members; rest != 0; rest &= rest - 1) {
            System.arraycopy(together, 0, known, Integer.numberOfTrailingZeros(rest) * NUM_LANES, NUM_LANES);
        }
    }

    /** Whether a lane knows of another's access; of one by several lanes, it does unless it is of the present. */
    boolean follows(int lane, int other, int otherTime, int now) {
        if (lane == other || otherTime < all) {
            return true;
        }
        return otherTime < now && (other >= NUM_LANES || known == null || otherTime < known[lane * NUM_LANES + other]);
    }

    /** Whether all lanes know of what any of them did then. */
    boolean allFollow(int otherTime) {
        return otherTime < all;
    }

    /** Until when all lanes know all others. */
    int allKnownUntil() {
        return all - 1;
    }

    /** Until when a lane knows another by meetings of some lanes; 0 if never. */
    int knownUntil(int lane, int other) {
        return known == null ? 0 : Math.max(0, known[lane * NUM_LANES + other] - 1);
    }

    @Override
    public String toString() {
        return "all until " + all + ", " + Arrays.toString(known);
    }
}
