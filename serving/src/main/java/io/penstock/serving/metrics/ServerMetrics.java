package io.penstock.serving.metrics;

import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.Histogram;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.engine.EngineProxy;
import io.penstock.scheduler.engine.StepHistograms;
import io.penstock.serving.stream.StreamObserver;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * All metrics of a server, read from the engine's counters and the event loops' when somebody asks. Any thread may.
 * Made before the loops are; {@link #bind} tells it of the engine.
 */
public final class ServerMetrics {
    private static final ExpositionFormats FORMATS = ExpositionFormats.init();

    private final List<LoopMetrics> loops = new CopyOnWriteArrayList<>();
    private volatile Source source;

    private record Source(String modelName, EngineProxy engine, ModelLimits limits, boolean prefixCaching) {}

    /** Another event loop's observer. */
    public StreamObserver observer() {
        var loop = new LoopMetrics();
        loops.add(loop);
        return loop;
    }

    /** Names the engine, before anybody asks. */
    public void bind(String modelName, EngineProxy engine, ModelLimits limits, boolean prefixCaching) {
        source = new Source(modelName, engine, limits, prefixCaching);
    }

    /**
     * Writes all metrics as text.
     *
     * @param accept the header of who asks, or null: Prometheus' text unless another form is asked for
     * @return the content type
     */
    public String write(OutputStream out, String accept) throws IOException {
        ExpositionFormatWriter writer = FORMATS.findWriter(accept);
        writer.write(out, snapshots());
        return writer.getContentType();
    }

    private MetricSnapshots snapshots() {
        Source now = source;
        if (now == null) {
            return MetricSnapshots.of();
        }
        var metrics = new MetricList(now.modelName());
        engine(metrics, now);
        requests(metrics);
        steps(metrics, now.engine());
        return metrics.snapshots();
    }

    private static void engine(MetricList metrics, Source source) {
        SchedulerStats stats = source.engine().stats();
        ModelLimits limits = source.limits();
        metrics.gauge("vllm:num_requests_running", "Sequences that run.", stats.numRunning());
        metrics.gauge("vllm:num_requests_waiting", "Sequences that wait to run.", stats.numWaiting());
        metrics.gauge("vllm:kv_cache_usage_perc", "Share of the KV blocks that sequences hold, 0 to 1.",
                (double) stats.numBlocksInUse() / limits.numKvBlocks());
        metrics.counter("vllm:prefix_cache_queries", "Prompt tokens looked up in the prefix cache.",
                source.prefixCaching() ? stats.numPromptTokens() : 0);
        metrics.counter("vllm:prefix_cache_hits", "Prompt tokens found there.", stats.numCachedTokens());
        metrics.counter("vllm:prompt_tokens", "Prompt tokens of the requests that began.", stats.numPromptTokens());
        metrics.counter("vllm:generation_tokens", "Tokens generated.", stats.numOutputTokens());
        metrics.counter("vllm:num_preemptions", "Sequences that gave way.",
                stats.numPreemptionsBySwap() + stats.numPreemptionsByRecompute());
        metrics.gauge("penstock_conv_slots_used", "Conv slots that sequences hold.", stats.numRunning());
        metrics.gauge("penstock_snapshots_used", "Conv snapshots kept for prefix hits.", stats.numSnapshots());
        metrics.gauge("penstock_swapped_sequences", "Sequences whose state is in host memory.", stats.numSwapped());
        metrics.counter("penstock_graph_replays", "Steps that ran as a recorded graph.",
                source.engine().numGraphReplays());
        metrics.info("vllm:cache_config", "The engine's memory.",
                "block_size", Integer.toString(ModelLimits.BLOCK_TOKENS),
                "num_gpu_blocks", Integer.toString(limits.numKvBlocks()),
                "enable_prefix_caching", source.prefixCaching() ? "True" : "False",
                "num_conv_slots", Integer.toString(limits.numConvSlots()),
                "num_snapshots", Integer.toString(limits.numSnapshots()),
                "num_swap_blocks", Integer.toString(limits.numSwapBlocks()));
    }

    private void requests(MetricList metrics) {
        long[] numEnded = new long[LoopMetrics.REASONS.length];
        for (LoopMetrics loop : loops) {
            for (int i = 0; i < numEnded.length; i++) {
                numEnded[i] += loop.numEnded[i];
            }
        }
        metrics.counters("vllm:request_success", "Answers that ended, by how.", "finished_reason",
                LoopMetrics.REASONS, numEnded);
        sum(metrics, "vllm:time_to_first_token_seconds", "From a request's arrival to its first token.",
                loop -> loop.timeToFirstToken);
        sum(metrics, "vllm:inter_token_latency_seconds", "Between an answer's tokens.", loop -> loop.interTokenLatency);
        sum(metrics, "vllm:e2e_request_latency_seconds", "From a request's arrival to its end.",
                loop -> loop.endToEnd);
        sum(metrics, "vllm:request_queue_time_seconds", "Until a request got its memory.", loop -> loop.queueTime);
        sum(metrics, "vllm:request_prefill_time_seconds", "From there to its first token.", loop -> loop.prefillTime);
        sum(metrics, "vllm:request_decode_time_seconds", "From there to its last token.", loop -> loop.decodeTime);
        sum(metrics, "vllm:request_prompt_tokens", "Prompt tokens of a request.", loop -> loop.promptTokens);
        sum(metrics, "vllm:request_generation_tokens", "Output tokens of a request.", loop -> loop.generationTokens);
    }

    private void sum(MetricList metrics, String name, String help, Function<LoopMetrics, Histogram> histogram) {
        metrics.histogram(name, help, loops.stream().map(histogram).toList());
    }

    private static void steps(MetricList metrics, EngineProxy engine) {
        StepHistograms steps = engine.stepHistograms();
        metrics.histogram("vllm:iteration_tokens_total", "Tokens computed in a step.", List.of(steps.tokens()));
        metrics.histogram("penstock_step_seconds", "From one step's tokens to the next one's.",
                List.of(steps.stepSeconds()));
        metrics.histogram("penstock_host_seconds", "The part of it that the engine's thread worked.",
                List.of(steps.hostSeconds()));
    }
}
