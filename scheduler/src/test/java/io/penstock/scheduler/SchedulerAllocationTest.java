package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.runtime.ModelLimits;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of thousands of decoding sequences allocate nothing, new blocks and snapshots in passing included. */
class SchedulerAllocationTest {
    private static final int NUM_SEQS = 4096;
    private static final int MAX_LEN = 64 * 256;
    private static final int STEPS = 128;

    private static final int MAX_STEPS_TO_START = 200;

    /** Rounds to wait for the compiler, which comes late on a busy machine. */
    private static final int MAX_ROUNDS = 40;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothing(boolean overlaps) {
        var limits = new ModelLimits(NUM_SEQS, NUM_SEQS + 4096, MAX_LEN, NUM_SEQS * 110, 2 * NUM_SEQS);
        var config = new SchedulerConfig(true, 1, 64, 4096, 1, new SchedulerConfig.Watermarks(0, 0));
        var scheduler = new Scheduler(limits, config);
        var driver = new Driver(scheduler, new NullRunner(limits, 1000, 1), overlaps);
        OutputQueue queue = new OutputQueue(NUM_SEQS, 16 * NUM_SEQS, () -> {});
        driver.checksIntegrity = false;
        driver.onLaunched = () -> queue.poll(Requests.IGNORED, Integer.MAX_VALUE);
        for (int i = 0; i < NUM_SEQS; i++) {
            Requests.submit(scheduler, Requests.of(i, Requests.prompt(1 + i % 60, i), MAX_LEN, queue));
        }
        for (int i = 0; i < MAX_STEPS_TO_START && scheduler.stats().numRunning() < NUM_SEQS; i++) {
            driver.step();
        }
        assertEquals(NUM_SEQS, scheduler.stats().numRunning(), "sequences that run");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long overhead = threads.getCurrentThreadAllocatedBytes() - before;
        long allocated = Long.MAX_VALUE;
        int numBlocks = scheduler.stats().numBlocksInUse();
        for (int round = 0; round < MAX_ROUNDS && allocated != 0; round++) {
            before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < STEPS; i++) {
                driver.step();
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
        }
        assertEquals(0, allocated, "bytes in " + STEPS + " steps");
        assertEquals(NUM_SEQS, scheduler.stats().numRunning());
        assertTrue(scheduler.stats().numBlocksInUse() >= numBlocks + 2 * NUM_SEQS, "every sequence grew by blocks");
        scheduler.checkIntegrity();
    }
}
