package io.penstock.cli;

import io.penstock.bench.grammar.MaskSuite;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "masks",
        description = "Times what a demanded form of output costs the engine's thread for each token: the first time"
                + " that a place in the form is reached, and after it, on the demo model's vocabulary and on one of"
                + " 125,000 tokens.",
        footer = {
            "%nExamples:",
            "  penstock bench masks",
            "  penstock bench masks --save-result bench/results",
        })
final class BenchMasksCommand implements Callable<Integer> {
    private static final String END_TOKEN = "<|im_end|>";

    @Option(
            names = "--save-result",
            paramLabel = "DIR",
            description = "Appends one JSON line a case to DIR/" + MaskSuite.NAME + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        RunContext context = RunContext.onCpu(
                Path.of("").toAbsolutePath(), Instant.now(), "./penstock bench masks");
        System.out.println("case                   us/token   least  first time   worst  in a step  waits  compile ms");
        new MaskSuite(Installation.demoModel().resolve("tokenizer.json"), END_TOKEN, context).run(result -> {
            System.out.println(line(result));
            if (results != null) {
                ResultLog.of(results, MaskSuite.NAME).append(result);
            }
        });
        return 0;
    }

    private static String line(BenchResult result) {
        var m = result.metrics();
        return String.format(Locale.ROOT, "%-20s %10.2f %7.2f %11.1f %7.0f %10.0f %6.0f %11.1f", result.caseName(),
                m.get("microsPerSequenceStep"), m.get("leastMicrosPerSequenceStep"), m.get("firstTimeMeanMicros"),
                m.get("firstTimeWorstMicros"), m.get("worstMicrosInAStep"), m.get("stepsWaitedFor"),
                m.get("compileMillis"));
    }
}
