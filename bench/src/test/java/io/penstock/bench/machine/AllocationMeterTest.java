package io.penstock.bench.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.Exchanger;
import org.junit.jupiter.api.Test;

class AllocationMeterTest {
    private static final int ARRAY_BYTES = 100_000;
    private static final int HEADER_BYTES = 64;

    private byte[] kept;
    private long spun;

    @Test
    void workThatAllocatesNothingCountsNothing() {
        Runnable spin = () -> {
            for (int i = 0; i < 1000; i++) {
                spun += i;
            }
        };
        AllocationMeter.allocatedBytes(spin);
        assertEquals(0, AllocationMeter.allocatedBytes(spin));
        assertEquals(0, AllocationMeter.allocatedBytes(List.of(Thread.currentThread()), spin));
    }

    @Test
    void countsAnArrayWithItsHeader() {
        Runnable allocate = () -> kept = new byte[ARRAY_BYTES];
        AllocationMeter.allocatedBytes(allocate);
        assertOneArray(AllocationMeter.allocatedBytes(allocate));
        assertOneArray(AllocationMeter.allocatedBytes(List.of(Thread.currentThread()), allocate));
        assertEquals(ARRAY_BYTES, kept.length);
    }

    @Test
    void countsOnlyTheThreadsNamed() throws InterruptedException {
        Exchanger<String> turn = new Exchanger<>();
        Thread other = Thread.ofPlatform().start(() -> {
            exchange(turn);
            kept = new byte[ARRAY_BYTES];
            exchange(turn);
            exchange(turn);
        });
        long bytes = AllocationMeter.allocatedBytes(List.of(other), () -> {
            byte[] mine = new byte[10 * ARRAY_BYTES];
            exchange(turn);
            exchange(turn);
            spun += mine.length;
        });
        assertTrue(bytes >= ARRAY_BYTES && bytes < 5 * ARRAY_BYTES, bytes + " bytes");
        exchange(turn);
        other.join();
    }

    @Test
    void aThreadThatEndedIsAnError() throws InterruptedException {
        Thread ended = Thread.ofPlatform().name("ended").start(() -> { });
        ended.join();
        var error = assertThrows(IllegalStateException.class,
                () -> AllocationMeter.allocatedBytes(List.of(ended), () -> { }));
        assertTrue(error.getMessage().contains("ended"), error.getMessage());
    }

    @Test
    void aVirtualThreadIsAnError() {
        Thread virtual = Thread.ofVirtual().unstarted(() -> { });
        assertThrows(IllegalArgumentException.class,
                () -> AllocationMeter.allocatedBytes(List.of(virtual), () -> { }));
    }

    private static void assertOneArray(long bytes) {
        assertTrue(bytes >= ARRAY_BYTES && bytes <= ARRAY_BYTES + HEADER_BYTES, bytes + " bytes");
    }

    private static void exchange(Exchanger<String> turn) {
        try {
            turn.exchange("turn");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
