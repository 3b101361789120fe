package io.penstock.runtime.sampling;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a random
 * number is a function of its coordinates alone, so it does not depend on what was drawn before or beside it.
 *
 * <p>The key is the request's seed; the counter is {@code (tokenId / 2, 0, position low, position high)}, and the
 * block's four words give an even and an odd token one uniform number each. Not for use by several threads at once.
 */
public final class CounterRandom {
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;
    private static final long LOW_32_BITS = 0xFFFF_FFFFL;
    private static final double STEP = 0x1p-52;

    private long seed;
    private long position;
    private int block;
    private long evenBits;
    private long oddBits;

    /** Moves to the numbers of one output position of one request. */
    public void seek(long seed, long position) {
        this.seed = seed;
        this.position = position;
        block = -1;
    }

    /**
     * The token's uniform number at the position: one of the 2^52 values (n + 1/2) / 2^52, so never 0 or 1, made from
     * the high 52 bits of {@code word0 << 32 | word1} for an even id and of {@code word2 << 32 | word3} for an odd one.
     */
    public double uniform(int tokenId) {
        if (tokenId >>> 1 != block) {
            block = tokenId >>> 1;
            generate(block, 0, (int) position, (int) (position >>> 32), (int) seed, (int) (seed >>> 32));
        }
        long bits = (tokenId & 1) == 0 ? evenBits : oddBits;
        return ((bits >>> 12) + 0.5) * STEP;
    }

    private void generate(int counter0, int counter1, int counter2, int counter3, int key0, int key1) {
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (counter0 & LOW_32_BITS);
            long product1 = MULTIPLIER_1 * (counter2 & LOW_32_BITS);
            counter0 = (int) (product1 >>> 32) ^ counter1 ^ key0;
            counter1 = (int) product1;
            counter2 = (int) (product0 >>> 32) ^ counter3 ^ key1;
            counter3 = (int) product0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        evenBits = (long) counter0 << 32 | counter1 & LOW_32_BITS;
        oddBits = (long) counter2 << 32 | counter3 & LOW_32_BITS;
    }

    /** One block in place, for the published test vectors: {@code words} holds the counter, then the result. */
    static void philox(int[] words, int key0, int key1) {
        CounterRandom random = new CounterRandom();
        random.generate(words[0], words[1], words[2], words[3], key0, key1);
        words[0] = (int) (random.evenBits >>> 32);
        words[1] = (int) random.evenBits;
        words[2] = (int) (random.oddBits >>> 32);
        words[3] = (int) random.oddBits;
    }
}
