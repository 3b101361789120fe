package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CounterRandomTest {
    /** Known answers that the authors of Philox publish with Random123. */
    @Test
    void publishedVectors() {
        assertPhilox(new int[] {0, 0, 0, 0}, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertPhilox(new int[] {-1, -1, -1, -1}, -1, -1, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertPhilox(new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0,
                0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    /** The coordinates' places in key and counter are a contract: another implementation has to give these numbers. */
    @Test
    void coordinatesAndConversion() {
        long seed = 0x0123456789abcdefL;
        long position = 0x7_0000_0003L;
        int[] words = {21, 0, 3, 7};
        CounterRandom.philox(words, 0x89abcdef, 0x01234567);
        CounterRandom random = new CounterRandom();
        random.seek(seed, position);
        assertEquals(uniform(words[0], words[1]), random.uniform(42));
        assertEquals(uniform(words[2], words[3]), random.uniform(43));

        random.seek(0, 0);
        assertEquals(uniform(0x6627e8d5, 0xe169c58d), random.uniform(0));
        assertEquals(uniform(0xbc57ac4c, 0x9b00dbd8), random.uniform(1));
    }

    @Test
    void doesNotDependOnWhatWasAskedBefore() {
        CounterRandom random = new CounterRandom();
        random.seek(5, 9);
        double first = random.uniform(1000);
        random.uniform(3);
        random.seek(5, 10);
        assertNotEquals(first, random.uniform(1000));
        random.seek(6, 9);
        assertNotEquals(first, random.uniform(1000));
        random.seek(5, 9);
        random.uniform(1001);
        assertEquals(first, random.uniform(1000));
    }

    @Test
    void uniform() {
        int numBuckets = 64;
        int numDraws = 1 << 20;
        int[] counts = new int[numBuckets];
        CounterRandom random = new CounterRandom();
        for (int i = 0; i < numDraws; i++) {
            random.seek(1234, i >>> 10);
            double u = random.uniform(i & 1023);
            assertTrue(u > 0 && u < 1);
            counts[(int) (u * numBuckets)]++;
        }
        double expected = (double) numDraws / numBuckets;
        double chiSquare = 0;
        for (int count : counts) {
            chiSquare += (count - expected) * (count - expected) / expected;
        }
        assertTrue(chiSquare < 63 + 4 * Math.sqrt(2 * 63), "chi-square " + chiSquare);
    }

    private static void assertPhilox(int[] counter, int key0, int key1, int... expected) {
        CounterRandom.philox(counter, key0, key1);
        assertArrayEquals(expected, counter);
    }

    private static double uniform(int high, int low) {
        long bits = (long) high << 32 | low & 0xFFFF_FFFFL;
        return Math.scalb((bits >>> 12) + 0.5, -52);
    }
}
