package io.penstock.scheduler.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a listener hears of the prefix cache is what the cache can find. */
class BlockListenerTest {
    private static final int BLOCK = 64;

    private final PrefixCache cache = new PrefixCache(3, 0);
    private final List<String> heard = new ArrayList<>();
    private final BlockListener listener = new BlockListener() {
        @Override
        public void stored(long key, long parentKey, boolean isFirst, BlockTokens tokens, int block) {
            int[] ids = new int[1];
            tokens.copy(block, 0, ids, 0, 1);
            heard.add("stored " + key + (isFirst ? "" : " behind " + parentKey) + " from " + ids[0]);
        }

        @Override
        public void removed(long key) {
            heard.add("removed " + key);
        }

        @Override
        public void cleared() {
            heard.add("cleared");
        }
    };

    /** A block of one token's id, findable under a key. */
    private int insert(int tokenId, int parent, long key) {
        int block = cache.take();
        int[] ids = new int[BLOCK];
        ids[0] = tokenId;
        cache.tokens().set(block, 0, ids, 0, BLOCK);
        return cache.insert(block, parent, key, 0);
    }

    private List<String> heard() {
        List<String> all = List.copyOf(heard);
        heard.clear();
        return all;
    }

    @Test
    void storedEvictedAndCleared() {
        cache.listen(listener);
        assertEquals(List.of("cleared"), heard());
        int first = insert(7, -1, 100);
        int second = insert(8, first, 101);
        assertEquals(List.of("stored 100 from 7", "stored 101 behind 100 from 8"), heard());
        cache.release(second);
        cache.release(first);
        cache.take();
        cache.take();
        assertEquals(List.of("removed 101"), heard());
        cache.reset();
        assertEquals(List.of("cleared"), heard());
    }

    @Test
    void lateListenerHearsParentsFirst() {
        int first = insert(1, -1, 200);
        int second = insert(2, first, 201);
        insert(3, second, 202);
        assertEquals(List.of(), heard());
        cache.listen(listener);
        assertEquals(List.of("cleared", "stored 200 from 1", "stored 201 behind 200 from 2",
                "stored 202 behind 201 from 3"), heard());
        cache.listen(null);
        cache.reset();
        assertEquals(List.of(), heard());
    }
}
