package io.penstock.batch.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.penstock.scheduler.SchedulerStats;
import java.util.function.ToLongFunction;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/** What this executor's engines are doing, as a source of Spark's metrics: every sink of the cluster gets it. */
final class EngineSource implements Source {
    static final String NAME = "penstock";

    private static boolean isRegistered;

    private final MetricRegistry registry = new MetricRegistry();

    private EngineSource(ExecutorEngines engines) {
        gauge("engines", engines::numEngines);
        gauge("engines_loaded_total", engines::numLoaded);
        gauge("tasks", () -> engines.sum(SharedEngine::numTasks));
        gauge("requests_running", () -> sum(engines, SchedulerStats::numRunning));
        gauge("requests_waiting", () -> sum(engines, SchedulerStats::numWaiting));
        gauge("kv_blocks_in_use", () -> sum(engines, SchedulerStats::numBlocksInUse));
        gauge("prompt_tokens", () -> sum(engines, SchedulerStats::numPromptTokens));
        gauge("cached_tokens", () -> sum(engines, SchedulerStats::numCachedTokens));
        gauge("generation_tokens", () -> sum(engines, SchedulerStats::numOutputTokens));
        gauge("preemptions",
                () -> sum(engines, stats -> stats.numPreemptionsBySwap() + stats.numPreemptionsByRecompute()));
    }

    private static long sum(ExecutorEngines engines, ToLongFunction<SchedulerStats> count) {
        return engines.sum(engine -> count.applyAsLong(engine.stats()));
    }

    private <T extends Number> void gauge(String name, Gauge<T> gauge) {
        registry.register(name, gauge);
    }

    /** Registers it with this executor, once. */
    static synchronized void register() {
        if (!isRegistered && SparkEnv.get() != null) {
            isRegistered = true;
            SparkEnv.get().metricsSystem().registerSource(new EngineSource(ExecutorEngines.ofThisProcess()));
        }
    }

    @Override
    public String sourceName() {
        return NAME;
    }

    @Override
    public MetricRegistry metricRegistry() {
        return registry;
    }
}
