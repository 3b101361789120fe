package io.penstock.scheduler.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IndexPoolTest {
    @Test
    void eachIndexHasOneOwner() {
        var pool = new IndexPool("block", 5);
        Set<Integer> taken = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            taken.add(pool.take());
        }
        assertEquals(Set.of(0, 1, 2, 3, 4), taken);
        assertEquals(0, pool.numFree());
        assertThrows(IllegalStateException.class, pool::take);
    }

    @Test
    void theLastOneGivenBackIsTakenFirst() {
        var pool = new IndexPool("block", 3);
        int first = pool.take();
        int second = pool.take();
        pool.release(second);
        pool.release(first);
        assertFalse(pool.isTaken(first));
        assertEquals(first, pool.take());
        assertEquals(second, pool.take());
        assertTrue(pool.isTaken(first));
        assertEquals(1, pool.numFree());
    }

    @Test
    void anIndexIsGivenBackOnce() {
        var pool = new IndexPool("conv slot", 2);
        int index = pool.take();
        pool.release(index);
        var e = assertThrows(IllegalStateException.class, () -> pool.release(index));
        assertEquals("conv slot " + index + " is free already", e.getMessage());
        assertEquals(2, pool.numFree());
    }

    @Test
    void anEmptyPoolHasNothing() {
        assertThrows(IllegalStateException.class, () -> new IndexPool("snapshot", 0).take());
    }
}
