package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.penstock.runtime.InputException;
import io.penstock.serving.offline.Penstock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ExecutorEnginesTest {
    private static final String MODEL = Path.of("../models/penstock-demo").toAbsolutePath().normalize().toString();

    private final ExecutorEngines engines = new ExecutorEngines();

    private static ExecutorEngines.Key key(String seqs) {
        return key(seqs, null);
    }

    private static ExecutorEngines.Key key(String seqs, String gpu) {
        return new ExecutorEngines.Key(TransformSpec.of(Map.of("model", MODEL, "prompt", "q", "device", "cpu",
                "max_num_seqs", seqs, "max_model_len", "256")).engine(), gpu);
    }

    private static Penstock open(ExecutorEngines.Key key) {
        return key.spec().open(key.gpu(), 1);
    }

    private ExecutorEngines.Lease acquire(String seqs) throws InterruptedException {
        return acquire(seqs, null);
    }

    private ExecutorEngines.Lease acquire(String seqs, String gpu) throws InterruptedException {
        return engines.acquire(key(seqs, gpu), ExecutorEnginesTest::open, () -> { });
    }

    @Test
    void tasksShareOneEngineAndItsWindow() throws InterruptedException, ExecutionException {
        List<Future<ExecutorEngines.Lease>> leases = new ArrayList<>();
        try (ExecutorService tasks = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 4; i++) {
                leases.add(tasks.submit(() -> acquire("4")));
            }
        }
        SharedEngine engine = leases.getFirst().get().engine();
        assertEquals(1, engines.numLoaded());
        assertEquals(4, engine.numTasks());
        assertEquals(2, engine.share());
        for (Future<ExecutorEngines.Lease> lease : leases) {
            assertSame(engine, lease.get().engine());
            lease.get().close();
            lease.get().close();
        }
        assertEquals(0, engine.numTasks());
        assertEquals(8, engine.share());
        engines.closeIdle();
        assertEquals(0, engines.numEngines());
    }

    @Test
    void anIdleEngineGivesWayAndOneInUseDoesNot() throws InterruptedException {
        ExecutorEngines.Lease first = acquire("4");
        ExecutorEngines.Lease second = acquire("2");
        assertEquals(2, engines.numEngines());
        first.close();
        try (ExecutorEngines.Lease again = acquire("4")) {
            assertSame(first.engine(), again.engine(), "idle engines stay for the next task");
        }
        second.close();
        ExecutorEngines.Lease third = acquire("3");
        assertEquals(1, engines.numEngines(), "both idle ones gave way");
        third.close();
        engines.closeIdle();
    }

    @Test
    void eachGpuHasAnEngineOfItsOwn() throws InterruptedException {
        ExecutorEngines.Lease first = acquire("4", "0");
        ExecutorEngines.Lease second = acquire("4", "1");
        assertNotSame(first.engine(), second.engine());
        try (ExecutorEngines.Lease sharing = acquire("4", "1")) {
            assertSame(second.engine(), sharing.engine());
        }
        first.close();
        second.close();
        acquire("2", "1").close();
        assertEquals(2, engines.numEngines(), "only the idle one of the same GPU gave way");
        try (ExecutorEngines.Lease again = acquire("4", "0")) {
            assertSame(first.engine(), again.engine());
        }
        engines.closeIdle();
    }

    @Test
    void aBrokenEngineIsReplaced() throws InterruptedException {
        ExecutorEngines.Lease broken = acquire("4");
        ExecutorEngines.Lease sharing = acquire("4");
        broken.breakDown();
        try (ExecutorEngines.Lease next = acquire("4")) {
            assertNotSame(broken.engine(), next.engine());
        }
        broken.close();
        sharing.close();
        engines.closeIdle();
        assertEquals(2, engines.numLoaded());
    }

    @Test
    void aFailedLoadIsTriedAgain() throws InterruptedException {
        assertThrows(InputException.class, () -> engines.acquire(key("4"), _ -> {
            throw new InputException("there is no such model");
        }, () -> { }));
        acquire("4").close();
        engines.closeIdle();
    }

    @Test
    void aKilledTaskDoesNotWaitForAnothersLoad() throws InterruptedException {
        var isLoading = new CountDownLatch(1);
        var mayLoad = new CountDownLatch(1);
        try (ExecutorService tasks = Executors.newSingleThreadExecutor()) {
            Future<?> loading = tasks.submit(() -> {
                engines.acquire(key("4"), key -> {
                    isLoading.countDown();
                    await(mayLoad);
                    return open(key);
                }, () -> { }).close();
                return null;
            });
            isLoading.await();
            assertThrows(CancellationException.class, () -> engines.acquire(key("4"), ExecutorEnginesTest::open, () -> {
                throw new CancellationException("killed");
            }));
            mayLoad.countDown();
            assertEquals(false, loading.isCancelled());
        }
        engines.closeIdle();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
