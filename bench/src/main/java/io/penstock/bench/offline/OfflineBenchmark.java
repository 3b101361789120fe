package io.penstock.bench.offline;

import io.penstock.bench.Statistics;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.machine.EnergyMeter;
import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.GenerationResults;
import io.penstock.serving.offline.Penstock;
import io.penstock.serving.openai.SamplingRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/** Runs requests on an engine of this process and sums up, by the names of {@code vllm bench}. */
public final class OfflineBenchmark {
    private static final double[] LATENCY_PERCENTILES = {10, 25, 50, 75, 90, 99};
    private static final double NS_PER_SECOND = 1e9;

    private final Penstock penstock;
    private final EnergyMeter energy;
    private final SamplingRequest sampling;

    /**
     * The engine is the caller's.
     *
     * @param energy null where nothing measures it
     * @param isEndless whether answers go on to their full length
     * @param temperature null for the model's recommended one
     */
    public OfflineBenchmark(Penstock penstock, EnergyMeter energy, boolean isEndless, Double temperature) {
        this.penstock = penstock;
        this.energy = energy;
        SamplingRequest asked = penstock.sampling();
        if (temperature != null) {
            asked = asked.withTemperature(temperature);
        }
        SamplingRequest.Stop stop = asked.stop();
        sampling = asked.withSeed(0).withStop(new SamplingRequest.Stop(stop.maxTokens(), stop.clamped(),
                stop.minTokens(), stop.stopTokenIds(), stop.stopStrings(), isEndless, stop.includeStopString()));
    }

    private GenerationRequest asked(LoadRequest request) {
        GenerationRequest asked = switch (request.prompt()) {
            case Prompt.TokenIds(int[] ids) -> GenerationRequest.tokenIds(ids);
            case Prompt.Text(String text) -> GenerationRequest.text(text);
            case Prompt.Messages(var messages) -> GenerationRequest.chat(messages);
        };
        return asked.withSampling(sampling.withMaxTokens(request.outputTokens()).withSeed(request.index()));
    }

    /** What came of all requests. */
    private record Sum(double seconds, long inputTokens, long outputTokens, long cachedTokens, int numDone) {}

    private Sum answer(List<LoadRequest> requests, IntConsumer progress) {
        List<GenerationRequest> asked = new ArrayList<>();
        requests.forEach(request -> asked.add(asked(request)));
        long startNs = System.nanoTime();
        long input = 0;
        long output = 0;
        long cached = 0;
        int done = 0;
        try (GenerationResults results = penstock.generate(asked)) {
            while (results.hasNext()) {
                GenerationResult result = results.next();
                if (result.isFailed()) {
                    throw new InputException("request " + result.index() + " failed: " + result.error().getMessage(),
                            result.error());
                }
                input += result.usage().promptTokens();
                output += result.usage().outputTokens();
                cached += result.usage().cachedTokens();
                progress.accept(++done);
            }
        }
        return new Sum((System.nanoTime() - startNs) / NS_PER_SECOND, input, output, cached, done);
    }

    /** Compiles and fills what the first requests of a process have to; its figures are nobody's. */
    public void warmUp(List<LoadRequest> requests) {
        answer(requests, _ -> { });
    }

    /**
     * All requests at once.
     *
     * @param progress told how many are done
     * @throws InputException if one cannot be run
     */
    public Map<String, Double> throughput(List<LoadRequest> requests, IntConsumer progress) {
        EnergyMeter.Reading reading = energy == null ? null : energy.begin();
        Sum sum = answer(requests, progress);
        Map<String, Double> used = reading == null ? Map.of() : reading.end();
        Map<String, Double> metrics = new LinkedHashMap<>();
        double total = sum.inputTokens() + sum.outputTokens();
        metrics.put("elapsed_time", sum.seconds());
        metrics.put("num_requests", (double) sum.numDone());
        metrics.put("total_num_tokens", total);
        metrics.put("total_output_tokens", (double) sum.outputTokens());
        metrics.put("cached_input_tokens", (double) sum.cachedTokens());
        metrics.put("requests_per_second", sum.numDone() / sum.seconds());
        metrics.put("tokens_per_second", total / sum.seconds());
        metrics.put("output_tokens_per_second", sum.outputTokens() / sum.seconds());
        putEnergy(used, sum.outputTokens(), metrics);
        return metrics;
    }

    /**
     * One batch after the other, each from its start to its last token.
     *
     * @param batches each measured once
     * @param progress told how many are done
     */
    public Latencies latency(List<List<LoadRequest>> batches, IntConsumer progress) {
        double[] seconds = new double[batches.size()];
        long output = 0;
        double all = 0;
        EnergyMeter.Reading reading = energy == null ? null : energy.begin();
        for (int i = 0; i < seconds.length; i++) {
            Sum sum = answer(batches.get(i), _ -> { });
            seconds[i] = sum.seconds();
            all += sum.seconds();
            output += sum.outputTokens();
            progress.accept(i + 1);
        }
        Map<String, Double> used = reading == null ? Map.of() : reading.end();
        Statistics statistics = Statistics.of(seconds);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("avg_latency", statistics.mean());
        metrics.put("std_latency", statistics.standardDeviation());
        for (double percent : LATENCY_PERCENTILES) {
            metrics.put("p" + (int) percent + "_latency", statistics.percentile(percent));
        }
        metrics.put("output_tokens_per_second", output / all);
        putEnergy(used, output, metrics);
        return new Latencies(seconds, metrics);
    }

    /**
     * What came of the batches.
     *
     * @param seconds of each
     */
    public record Latencies(double[] seconds, Map<String, Double> metrics) {}

    private static void putEnergy(Map<String, Double> used, long outputTokens, Map<String, Double> metrics) {
        metrics.putAll(used);
        double joules = used.getOrDefault("energy_joules", 0.0);
        if (joules > 0) {
            metrics.put("output_tokens_per_joule", outputTokens / joules);
        }
    }
}
