package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TokenTablesTest {
    @Test
    void setIsASet() {
        SplittableRandom random = new SplittableRandom(3);
        for (int numTokens : new int[] {1, 63, 64, 65, 777, 4096, 4097, 128_000}) {
            TokenSet set = new TokenSet(numTokens);
            for (int use = 0; use < 4; use++) {
                TreeSet<Integer> expected = new TreeSet<>();
                for (int i = random.nextInt(1 + 10 * use * use); i > 0; i--) {
                    int tokenId = random.nextInt(numTokens);
                    set.add(tokenId);
                    expected.add(tokenId);
                }
                set.add(numTokens - 1);
                expected.add(numTokens - 1);
                TreeSet<Integer> walked = new TreeSet<>();
                for (int id = set.next(0); id >= 0; id = set.next(id + 1)) {
                    walked.add(id);
                }
                assertEquals(expected, walked);
                for (int i = 0; i < Math.min(numTokens, 500); i++) {
                    assertEquals(expected.contains(i), set.contains(i));
                }
                set.clear();
                assertEquals(-1, set.next(0));
            }
            assertThrows(IllegalArgumentException.class, () -> set.add(numTokens));
            assertThrows(IllegalArgumentException.class, () -> set.add(-1));
        }
    }

    @Test
    void countsAreCounts() {
        SplittableRandom random = new SplittableRandom(4);
        TokenCounts counts = new TokenCounts();
        for (int maxDistinct : new int[] {0, 1, 32, 33, 40_000, 5, 0, 5000, 1}) {
            counts.reset(maxDistinct);
            assertEquals(0, counts.numDistinct());
            Map<Integer, Integer> expected = new LinkedHashMap<>();
            for (int i = 0; i < maxDistinct; i++) {
                int tokenId = random.nextInt(128_000) & (i % 2 == 0 ? -1 : 1023);
                counts.increment(tokenId);
                expected.merge(tokenId, 1, Integer::sum);
            }
            Map<Integer, Integer> listed = new LinkedHashMap<>();
            for (int i = 0; i < counts.numDistinct(); i++) {
                listed.put(counts.tokenId(i), counts.count(i));
            }
            assertEquals(expected.toString(), listed.toString());
        }
    }

    @Test
    void countsRefuseMoreThanTheyHaveRoomFor() {
        TokenCounts counts = new TokenCounts();
        counts.reset(1);
        assertThrows(IllegalStateException.class, () -> {
            for (int i = 0; i < 100; i++) {
                counts.increment(i);
            }
        });
    }
}
