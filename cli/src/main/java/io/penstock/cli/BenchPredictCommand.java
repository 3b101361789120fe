package io.penstock.cli;

import io.penstock.bench.predict.Chip;
import io.penstock.bench.predict.PredictionReport;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelShapes;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "predict",
        description = "Predicts what the kernels for compute capability 9.0 take, and whole decode steps of them, from"
                + " a model of the device: bytes under way, stages, clocks of the tensor cores, epilogues, parts that"
                + " multiprocessors share unevenly, and every launch that a runner queues. No GPU is needed, and none"
                + " was asked: shares are of the floor that bytes and arithmetic set.",
        footer = {
            "%nExamples:",
            "  penstock bench predict",
            "  penstock bench predict --device h100 --batch 256    # a step of 256 sequences, kernel by kernel",
        })
final class BenchPredictCommand implements Callable<Integer> {
    private static final int MOST = 1 << 17;

    @Spec
    private CommandSpec spec;

    @Option(names = "--device", paramLabel = "NAME", defaultValue = "h200",
            description = "h200 or h100. Default: h200.")
    private String device;

    @Option(names = "--shape", paramLabel = "NAME", defaultValue = "lfm2.5-8b-a1b",
            description = "The model's shapes. Default: lfm2.5-8b-a1b.")
    private String shape;

    @Option(names = "--batch", paramLabel = "B",
            description = "Shows the kernels of a decode step of B sequences instead of all tables.")
    private Integer batch;

    @Option(names = "--context", paramLabel = "C", defaultValue = "1024",
            description = "Tokens of each sequence. Default: 1024.")
    private int context;

    @Override
    public Integer call() {
        requireBetween("--context", context);
        PredictionReport report = report();
        if (batch != null) {
            requireBetween("--batch", batch);
            show("Decode of " + batch + " sequences of " + context + " tokens", report.step(batch, context));
            return 0;
        }
        show("Products with experts", report.expertProducts());
        show("Dense products, share of the floor", report.denseProducts());
        show("The LM head by what its rows ask for", report.head());
        show("Decode steps of sequences of " + context + " tokens", report.steps(context));
        show("The same by operations, us of a step and the floor's share", report.stepOperations(context));
        show("Decode steps of sequences of " + context + " tokens as two halves beside each other (--overlap)",
                report.halves(context));
        show("Decode steps of sequences of " + context + " tokens with launches that begin early (--pdl)",
                report.programmatic(context));
        return 0;
    }

    private PredictionReport report() {
        try {
            return new PredictionReport(ModelShapes.named(shape), Chip.named(device));
        } catch (InputException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void show(String title, List<String> lines) {
        if (!lines.isEmpty()) {
            System.out.println(title + ", predicted for " + device + ":\n");
            lines.forEach(System.out::println);
            System.out.println();
        }
    }

    private void requireBetween(String option, int value) {
        if (value < 1 || value > MOST) {
            throw new ParameterException(spec.commandLine(),
                    option + " must be between 1 and " + MOST + ", not " + value);
        }
    }
}
