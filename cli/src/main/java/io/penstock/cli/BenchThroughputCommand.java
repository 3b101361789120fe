package io.penstock.cli;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import java.nio.file.Path;
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
        name = "throughput",
        abbreviateSynopsis = true,
        description = "Runs a workload on the engine inside this process, all requests at once, and says how many"
                + " tokens a second come. Options and figures are those of vllm bench throughput.",
        footer = {
            "%nExamples:",
            "  penstock bench throughput --random-input-len 256 --random-output-len 64 --num-prompts 64",
            "  penstock bench throughput --device cuda --load-format dummy --shape lfm2.5-8b-a1b --max-num-seqs 2048"
                    + " --random-output-len 256 --num-prompts 8192 --save-result bench/results",
        })
final class BenchThroughputCommand implements Callable<Integer> {
    private static final String SUITE = "throughput";

    @Spec
    private CommandSpec spec;

    @Mixin
    private WorkloadArguments workload;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "penstock", hidden = true)
    private String backend;

    @Option(names = "--ignore-eos",
            description = "Answers go on to their full length. Random prompts and traces always do.")
    private boolean ignoreEos;

    @Option(names = "--temperature", paramLabel = "T", description = "Default: the model's recommended one.")
    private Double temperature;

    @Option(names = "--num-warmups", paramLabel = "N", defaultValue = "2",
            description = "Requests before, which are not counted. Default: 2.")
    private int numWarmups;

    @Option(names = "--output-json", paramLabel = "FILE", description = "Writes the JSON of vllm bench throughput.")
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
        workload.validate();
        engine.validate();
        batching.validate();
        WorkloadArguments.between("--num-warmups", numWarmups, 0, 100_000);
        ModelSource source = model.resolve();
        var encoder = new RequestEncoder(source, null);
        Tokenizer words = encoder.tokenizer();
        List<LoadRequest> requests = workload.requests(false, words);
        if (requests.stream().anyMatch(LoadRequest::isLaterTurn)) {
            throw new InputException("--dataset-name multi_turn needs answers before it asks: use bench serve");
        }
        ModelConfig config = source.config();
        int longest = requests.stream().mapToInt(one -> one.inputTokens() + one.outputTokens()).max().orElse(1);
        ServingConfig serving = batching.forMany(engine, config, engine.modelLen(config, longest));
        var bar = ProgressBar.of("answering");
        try (var run = new OfflineRun(spec, encoder, serving, engine.device())) {
            var benchmark = run.benchmark(ignoreEos || workload.isEndless(), temperature);
            if (numWarmups > 0) {
                benchmark.warmUp(workload.warmUps(false, words, numWarmups));
            }
            Map<String, Double> metrics = benchmark.throughput(requests, done -> bar.count(done, requests.size()));
            bar.clear();
            print(metrics);
            Map<String, Object> all = run.config();
            all.putAll(workload.config());
            all.put("num_warmups", numWarmups);
            OfflineRun.writeJson(outputJson, new LinkedHashMap<>(metrics));
            run.save(results, SUITE, name(requests.size()), all, metrics);
        } finally {
            bar.clear();
        }
        return 0;
    }

    private String name(int numRequests) {
        String lengths = workload.knownInputLen() > 0 && workload.knownOutputLen() > 0
                ? "-" + workload.knownInputLen() + "-" + workload.knownOutputLen() : "";
        return workload.workload().label() + lengths + "-n" + numRequests;
    }

    private static void print(Map<String, Double> m) {
        System.out.printf(Locale.ROOT, "Throughput: %.2f requests/s, %.2f total tokens/s, %.2f output tokens/s%n",
                m.get("requests_per_second"), m.get("tokens_per_second"), m.get("output_tokens_per_second"));
        System.out.printf(Locale.ROOT, "Total num prompt tokens:  %.0f%nTotal num output tokens:  %.0f%n",
                m.get("total_num_tokens") - m.get("total_output_tokens"), m.get("total_output_tokens"));
        if (m.get("cached_input_tokens") > 0) {
            System.out.printf(Locale.ROOT, "From the prefix cache:    %.0f%n", m.get("cached_input_tokens"));
        }
        if (m.containsKey("energy_joules")) {
            System.out.printf(Locale.ROOT, "Energy: %.0f J, %.2f output tokens a joule%n", m.get("energy_joules"),
                    m.get("output_tokens_per_joule"));
        }
    }
}
