package io.penstock.cli;

import io.penstock.bench.engine.StepTimeline;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelShapes;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "timeline",
        description = "Records decode steps one by one: the engine's real host work on this machine, against a device"
                + " that takes each step's floor and no longer. Says for how much of the time the device would wait.",
        footer = {
            "%nExamples:",
            "  penstock bench timeline",
            "  penstock bench timeline --device h100 --seqs 100,2048 --save-result bench/results",
        })
final class BenchTimelineCommand implements Callable<Integer> {
    private static final int MAX_SEQS = 8192;
    private static final int MAX_STEPS = 1000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--device", paramLabel = "NAME", defaultValue = "h200",
            description = "h200, h100, a100-40, a100-80, l40s or rtx4090. Default: h200.")
    private String deviceName;

    @Option(names = "--shape", paramLabel = "NAME", defaultValue = "lfm2.5-8b-a1b",
            description = "Shape of the model. Default: lfm2.5-8b-a1b.")
    private String shape;

    @Option(names = "--seqs", paramLabel = "N,...", split = ",", defaultValue = "256,2048",
            description = "Sequences that decode, a recording each. Default: 256,2048.")
    private int[] numSeqs;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "48",
            description = "Steps that are recorded, after as many that are not. Default: 48.")
    private int numSteps;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends one JSON line a step to DIR/" + StepTimeline.SUITE + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        DeviceSpec device;
        try {
            device = DeviceSpec.named(deviceName);
            ModelShapes.named(shape);
        } catch (InputException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        requireBetween("--steps", numSteps, 2, MAX_STEPS);
        for (int seqs : numSeqs) {
            requireBetween("--seqs", seqs, 1, MAX_SEQS);
        }
        System.out.println("sequences  device us  schedule  launch  process  device idle");
        for (int seqs : numSeqs) {
            String command = "./penstock bench timeline --device " + device.name() + " --shape " + shape + " --seqs "
                    + seqs + " --steps " + numSteps;
            List<BenchResult> steps = StepTimeline.record(shape, device, seqs, numSteps,
                    RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), command));
            System.out.println(String.format(Locale.ROOT, "%9d %10.0f %9.1f %7.1f %8.1f %10.2f %%", seqs,
                    mean(steps, m -> m.get("deviceEndUs") - m.get("deviceStartUs")),
                    mean(steps, m -> m.get("scheduleUs")), mean(steps, m -> m.get("launchUs")),
                    mean(steps, m -> m.get("processUs")), 100 * StepTimeline.idleShare(steps)));
            if (results != null) {
                steps.forEach(ResultLog.of(results, StepTimeline.SUITE)::append);
            }
        }
        return 0;
    }

    private void requireBetween(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ParameterException(spec.commandLine(),
                    option + " must be between " + min + " and " + max + ", not " + value);
        }
    }

    private static double mean(List<BenchResult> steps, ToDoubleFunction<Map<String, Double>> figure) {
        return steps.stream().map(BenchResult::metrics).mapToDouble(figure).average().orElse(0);
    }
}
