package io.penstock.cli;

import io.penstock.bench.accuracy.Accuracy;
import io.penstock.bench.accuracy.EvaluationCase;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.serving.model.Backend;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "accuracy",
        abbreviateSynopsis = true,
        description = "Asks an evaluation set greedily, all at once, and prints the share of right answers in each"
                + " category: a kernel that is fast and wrong shows here.",
        footer = {
            "%nExamples:",
            "  penstock bench accuracy",
            "  penstock bench accuracy --device cuda --threshold 0.95 --save-result bench/results",
            "  penstock bench accuracy --model LiquidAI/LFM2-1.2B --data questions.jsonl --show-wrong",
            "%nA line of the set is a JSON object: messages (and tools) or prompt, expected, and if you like id and"
                    + " task, which is the category. An answer is right if it is the expected text after its thought,"
                    + " or the same JSON object. Exit code 1 if the share of all is below --threshold.",
        })
final class BenchAccuracyCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--data", paramLabel = "FILE", description = "The questions. Default: the demo model's"
            + " evaluation set.")
    private Path data;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "256",
            description = "The longest answer. Default: 256.")
    private int maxTokens;

    @Option(names = "--threshold", paramLabel = "SHARE", defaultValue = "0",
            description = "The least share of right answers, 0 to 1. Default: 0, which none can miss.")
    private double threshold;

    @Option(names = "--show-wrong", description = "Prints each wrong answer beside what was expected.")
    private boolean showsWrong;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends one JSON line a category to DIR/" + Accuracy.SUITE + ".jsonl.")
    private Path results;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BatchingOptions batching;

    @Override
    public Integer call() {
        if (!(threshold >= 0 && threshold <= 1)) {
            throw new ParameterException(spec.commandLine(),
                    "--threshold must be between 0 and 1, not " + threshold);
        }
        if (maxTokens < 1) {
            throw new ParameterException(spec.commandLine(), "--max-tokens must be at least 1, not " + maxTokens);
        }
        engine.validate();
        batching.validate();
        List<EvaluationCase> cases = EvaluationCase.read(data != null ? data : Installation.evaluationSet());
        ModelSource source = model.resolve();
        ModelConfig config = source.config();
        var encoder = new RequestEncoder(source, null);
        ServingConfig serving = batching.forMany(engine, config, engine.modelLen(config, 0));
        long startNs = System.nanoTime();
        Accuracy accuracy = ask(encoder, serving, cases);
        print(accuracy, (System.nanoTime() - startNs) / 1e9);
        save(source, serving.backend(), accuracy);
        return accuracy.total().share() < threshold ? 1 : 0;
    }

    private Accuracy ask(RequestEncoder encoder, ServingConfig config, List<EvaluationCase> cases) {
        var bar = ProgressBar.of("asking");
        try (Session session = Session.open(encoder, config)) {
            return Accuracy.of(session.penstock(), cases, maxTokens, done -> bar.count(done, cases.size()));
        } finally {
            bar.clear();
        }
    }

    private void print(Accuracy accuracy, double seconds) {
        if (showsWrong) {
            accuracy.wrong().forEach(wrong -> System.out.println(wrong.asked().id() + "\n  expected: "
                    + wrong.asked().expected() + "\n  answered: " + wrong.answer()));
        }
        accuracy.scores().forEach(BenchAccuracyCommand::print);
        print("total", accuracy.total());
        System.out.println(String.format(Locale.ROOT, "in %.1f s", seconds));
    }

    private static void print(String category, Accuracy.Score score) {
        System.out.println(String.format(Locale.ROOT, "%-20s %5d of %5d  %6.2f %%", category, score.numRight(),
                score.numAsked(), 100 * score.share()));
    }

    private void save(ModelSource source, Backend backend, Accuracy accuracy) {
        if (results == null) {
            return;
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("device", backend instanceof Backend.Cpu ? "cpu" : engine.device());
        config.put("dtype", backend instanceof Backend.Cpu cpu
                ? cpu.arithmetic().name().toLowerCase(Locale.ROOT) : "bfloat16");
        config.put("data", data == null ? "demo-data/eval.jsonl" : data.getFileName().toString());
        config.put("maxTokens", maxTokens);
        RunContext context = RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), CommandLines.of(spec));
        Map<String, Accuracy.Score> all = new LinkedHashMap<>(accuracy.scores());
        all.put("total", accuracy.total());
        all.forEach((category, score) -> ResultLog.of(results, Accuracy.SUITE).append(new BenchResult(Accuracy.SUITE,
                category, context, source.name(), config, Map.of("score", score.share(), "right",
                (double) score.numRight(), "asked", (double) score.numAsked()), null)));
    }
}
