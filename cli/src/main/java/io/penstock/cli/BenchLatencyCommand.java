package io.penstock.cli;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.workload.WorkloadOptions;
import io.penstock.bench.loadgen.workload.Workloads;
import io.penstock.bench.offline.OfflineBenchmark;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "latency",
        abbreviateSynopsis = true,
        description = "Times one batch of random requests from its start to its last token, again and again, on the"
                + " engine inside this process. Options and figures are those of vllm bench latency.",
        footer = {
            "%nExamples:",
            "  penstock bench latency --batch-size 1 --input-len 32 --output-len 32 --num-iters 5",
            "  penstock bench latency --device cuda --batch-size 8 --save-result bench/results",
        })
final class BenchLatencyCommand implements Callable<Integer> {
    private static final String SUITE = "latency";
    private static final int[] PERCENTILES = {10, 25, 50, 75, 90, 99};
    private static final int MAX_LENGTH = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--input-len", paramLabel = "N", defaultValue = "32", description = "Default: 32.")
    private int inputLen;

    @Option(names = "--output-len", paramLabel = "N", defaultValue = "128", description = "Default: 128.")
    private int outputLen;

    @Option(names = "--batch-size", paramLabel = "N", defaultValue = "8", description = "Default: 8.")
    private int batchSize;

    @Option(names = "--num-iters-warmup", paramLabel = "N", defaultValue = "10",
            description = "Batches before, which are not counted. Default: 10.")
    private int numWarmups;

    @Option(names = "--num-iters", paramLabel = "N", defaultValue = "30", description = "Batches. Default: 30.")
    private int numBatches;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of the prompts. Default: 0.")
    private long seed;

    @Option(names = "--output-json", paramLabel = "FILE", description = "Writes the JSON of vllm bench latency.")
    private Path outputJson;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends a JSON line to DIR/" + SUITE + ".jsonl.")
    private Path results;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BatchingOptions batching;

    @Override
    public Integer call() {
        WorkloadArguments.between("--input-len", inputLen, 1, MAX_LENGTH);
        WorkloadArguments.between("--output-len", outputLen, 1, MAX_LENGTH);
        WorkloadArguments.between("--batch-size", batchSize, 1, LoadArguments.MAX_CONCURRENCY);
        WorkloadArguments.between("--num-iters", numBatches, 1, 1_000_000);
        WorkloadArguments.between("--num-iters-warmup", numWarmups, 0, 1_000_000);
        engine.validate();
        batching.validate();
        ModelSource source = model.resolve();
        var encoder = new RequestEncoder(source, null);
        ModelConfig config = source.config();
        ServingConfig serving = batching.forOne(
                engine, config, engine.modelLen(config, inputLen + outputLen), batchSize);
        var bar = ProgressBar.of("batches");
        try (var run = new OfflineRun(spec, encoder, serving, engine.device())) {
            OfflineBenchmark benchmark = run.benchmark(true, 1.0);
            batches(encoder, seed + 1, numWarmups).forEach(benchmark::warmUp);
            var latencies = benchmark.latency(
                    batches(encoder, seed, numBatches), done -> bar.count(done, numBatches));
            bar.clear();
            report(run, latencies);
        } finally {
            bar.clear();
        }
        return 0;
    }

    /** Other prompts in each, so that none finds its beginning in the prefix cache. */
    private List<List<LoadRequest>> batches(RequestEncoder encoder, long from, int number) {
        List<List<LoadRequest>> batches = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            batches.add(Workloads.RANDOM.requests(new WorkloadOptions(batchSize, from * 1_000_003 + i, null, false,
                    new WorkloadOptions.Sizes(inputLen, outputLen, 0, 0, 1, 1), 0,
                    new WorkloadOptions.FileUse(false, false, false)), encoder.tokenizer()));
        }
        return batches;
    }

    private void report(OfflineRun run, OfflineBenchmark.Latencies latencies) {
        Map<String, Double> m = latencies.metrics();
        System.out.printf(Locale.ROOT, "Avg latency: %s seconds%n", m.get("avg_latency"));
        System.out.printf(Locale.ROOT, "Std latency: %s seconds%n", m.get("std_latency"));
        Map<String, Double> percentiles = new LinkedHashMap<>();
        for (int percent : PERCENTILES) {
            System.out.printf(Locale.ROOT, "%d%% percentile latency: %s seconds%n", percent,
                    m.get("p" + percent + "_latency"));
            percentiles.put(String.valueOf(percent), m.get("p" + percent + "_latency"));
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("avg_latency", m.get("avg_latency"));
        json.put("std_latency", m.get("std_latency"));
        json.put("latencies", latencies.seconds());
        json.put("percentiles", percentiles);
        OfflineRun.writeJson(outputJson, json);
        Map<String, Object> config = run.config();
        config.put("input_len", inputLen);
        config.put("output_len", outputLen);
        config.put("batch_size", batchSize);
        config.put("num_prompts", batchSize * numBatches);
        config.put("num_warmups", batchSize * numWarmups);
        config.put("seed", seed);
        run.save(results, SUITE, "batch-" + batchSize + "-" + inputLen + "-" + outputLen, config, m);
    }
}
