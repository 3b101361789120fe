package io.penstock.batch.spark;

import io.penstock.serving.offline.Penstock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines of this executor: one for all tasks that want the same on the same GPU. An engine that no task uses stays
 * loaded for the next one, and gives way to another that is wanted in its place. Any thread.
 */
final class ExecutorEngines {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorEngines.class);
    private static final ExecutorEngines OF_THIS_PROCESS = new ExecutorEngines();

    private static final long CHECK_MS = 100;

    static {
        Runtime.getRuntime().addShutdownHook(
                new Thread(OF_THIS_PROCESS::closeAll, "penstock-close-engines"));
    }

    private final Map<Key, SharedEngine> engines = new HashMap<>();
    private final ReentrantLock loading = new ReentrantLock();
    private long numLoaded;

    /**
     * What makes engines the same.
     *
     * @param gpu as Spark names it; null for none
     */
    record Key(EngineSpec spec, String gpu) {}

    static ExecutorEngines ofThisProcess() {
        return OF_THIS_PROCESS;
    }

    /** One task's use of an engine. */
    final class Lease implements AutoCloseable {
        private final Key key;
        private final SharedEngine engine;
        private boolean isClosed;

        private Lease(Key key, SharedEngine engine) {
            this.key = key;
            this.engine = engine;
        }

        SharedEngine engine() {
            return engine;
        }

        /** The engine has failed: the next task gets another one. */
        void breakDown() {
            synchronized (ExecutorEngines.this) {
                engine.breakDown();
                engines.remove(key, engine);
            }
        }

        @Override
        public void close() {
            boolean isLast;
            synchronized (ExecutorEngines.this) {
                if (isClosed) {
                    return;
                }
                isClosed = true;
                engine.removeTask();
                isLast = engine.isBroken() && engine.numTasks() == 0;
            }
            if (isLast) {
                engine.penstock().close();
            }
        }
    }

    /**
     * The engine for a task, loaded if it is not there; the others wait for that.
     *
     * @param open loads one
     * @param checkpoint called while it waits; what it throws ends that
     */
    Lease acquire(Key key, Function<Key, Penstock> open, Runnable checkpoint) throws InterruptedException {
        Lease lease = lease(key);
        while (lease == null && !loading.tryLock(CHECK_MS, TimeUnit.MILLISECONDS)) {
            checkpoint.run();
            lease = lease(key);
        }
        if (lease != null) {
            return lease;
        }
        try {
            lease = lease(key);
            return lease == null ? load(key, open) : lease;
        } finally {
            loading.unlock();
        }
    }

    /** Null where there is no such engine yet. */
    private synchronized Lease lease(Key key) {
        SharedEngine engine = engines.get(key);
        if (engine == null) {
            return null;
        }
        engine.addTask();
        return new Lease(key, engine);
    }

    private Lease load(Key key, Function<Key, Penstock> open) {
        closeIdle(other -> Objects.equals(other.gpu, key.gpu));
        LOG.info("loading {} for this executor{}", key.spec.model(), key.gpu == null ? "" : " on GPU " + key.gpu);
        var engine = new SharedEngine(open.apply(key));
        synchronized (this) {
            numLoaded++;
            engines.put(key, engine);
            return lease(key);
        }
    }

    /** Makes room where another engine is wanted. */
    private void closeIdle(Predicate<Key> which) {
        List<SharedEngine> idle = new ArrayList<>();
        synchronized (this) {
            for (Map.Entry<Key, SharedEngine> entry : List.copyOf(engines.entrySet())) {
                if (which.test(entry.getKey()) && entry.getValue().numTasks() == 0) {
                    idle.add(engines.remove(entry.getKey()));
                }
            }
        }
        for (SharedEngine engine : idle) {
            engine.penstock().close();
        }
    }

    /** Closes the engines that no task uses. */
    void closeIdle() {
        closeIdle(_ -> true);
    }

    private void closeAll() {
        List<SharedEngine> all;
        synchronized (this) {
            all = new ArrayList<>(engines.values());
            engines.clear();
        }
        for (SharedEngine engine : all) {
            engine.penstock().close();
        }
    }

    /** Engines loaded since the process began: one, if all goes well. */
    synchronized long numLoaded() {
        return numLoaded;
    }

    /** Engines that are loaded. */
    synchronized int numEngines() {
        return engines.size();
    }

    /** A count over all engines that are loaded. */
    synchronized long sum(ToLongFunction<SharedEngine> count) {
        return engines.values().stream().mapToLong(count).sum();
    }
}
