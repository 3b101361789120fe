package io.penstock.bench.predict;

import io.penstock.bench.step.StepFloors;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;

/** Predictions as tables: those that the kernels' pages have, in their form. */
public final class PredictionReport {
    private static final int BF16 = 2;
    private static final int FLOAT = 4;
    private static final double MICRO = 1e6;
    private static final int[] EXPERT_ROWS = {8, 32, 64, 128, 256, 512, 1024};
    private static final int[] DENSE_ROWS = {1, 64, 256, 2048, 8192};
    private static final int[] STEP_SEQS = {1, 32, 64, 256, 1024, 2048};
    private static final int[] HALVED_SEQS = {384, 1024, 2048, 3072, 4096, 8192};
    private static final String RULE = "|---".repeat(STEP_SEQS.length + 1) + "|";

    private final ModelConfig model;
    private final Chip chip;

    /** Of a model's shapes on a device. */
    public PredictionReport(ModelConfig model, Chip chip) {
        this.model = model;
        this.chip = chip;
    }

    /** The products with experts, by the rows that one has on average; a model without experts has no such table. */
    public List<String> expertProducts() {
        if (model.numMoeLayers() == 0) {
            return List.of();
        }
        int hidden = model.hiddenSize();
        int width = model.moe().expertWidth();
        var experts = new Experts(model.moe().numExperts(), model.moe().expertsPerToken());
        List<String> lines = new ArrayList<>();
        lines.add("| rows an expert | gate_up " + hidden + " to 2 x " + width + " | share | down " + width + " to "
                + hidden + " | share |");
        lines.add("|---|---|---|---|---|");
        for (int rows : EXPERT_ROWS) {
            int tokens = rows * experts.num() / experts.perToken();
            lines.add("| " + rows + " | "
                    + cells(new ExpertProduct(tokens, experts, 2 * width, hidden, 1, 1)) + " | "
                    + cells(new ExpertProduct(tokens, experts, hidden, width, BF16, experts.perToken())) + " |");
        }
        return lines;
    }

    private String cells(KernelModel kernel) {
        Prediction each = kernel.on(chip);
        String how = each.bound() == Prediction.Bound.PRODUCTS
                ? String.format(Locale.ROOT, ", %.0f TFLOP/s", each.flopsPerSecond() / 1e12)
                : " (" + name(each.bound()) + ")";
        return String.format(Locale.ROOT, "%.0f us%s | %.2f", MICRO * each.seconds(), how, each.share());
    }

    /** The floor's share of dense products, by rows. */
    public List<String> denseProducts() {
        int hidden = model.hiddenSize();
        int queries = model.attention().queryWidth();
        int width = model.feedForward().denseWidth();
        List<String> lines = new ArrayList<>();
        lines.add("| dense | 1 row | 64 | 256 | 2,048 | 8,192 |");
        lines.add("|---|---|---|---|---|---|");
        lines.add(dense("qkv", queries + 2 * model.attention().kvWidth(), hidden, BF16));
        lines.add(dense("out_proj", hidden, hidden, BF16));
        lines.add(dense("dense gate_up", 2 * width, hidden, 1));
        lines.add(dense("dense down", hidden, width, BF16));
        lines.add(dense("LM head", model.vocabSize(), hidden, FLOAT));
        if (model.numConvLayers() > 0) {
            lines.add(shares("in_proj and convolution " + hidden + " to 3 x " + hidden,
                    rows -> new ConvolutionProduct(rows, hidden)));
        }
        return lines;
    }

    private String dense(String name, int weightRows, int k, int columnBytes) {
        return shares(name + " " + k + " to " + weightRows, rows -> new DenseProduct(rows, weightRows, k, columnBytes));
    }

    private String shares(String name, IntFunction<KernelModel> kernel) {
        StringBuilder line = new StringBuilder("| " + name + " |");
        for (int rows : DENSE_ROWS) {
            line.append(String.format(Locale.ROOT, " %.2f |", kernel.apply(rows).on(chip).share()));
        }
        return line.toString();
    }

    /** The LM head by what all its rows ask for, in microseconds: and what it would be without its epilogue. */
    public List<String> head() {
        double inMemory = StepFloors.HEAD_RESULT + FLOAT;
        List<String> lines = new ArrayList<>();
        lines.add(columns("LM head on " + chip.name() + ", us"));
        lines.add(RULE);
        lines.add(head("logits, all written", rows -> product(rows, FLOAT, DenseProduct.Epilogue.NONE)));
        lines.add(head("and the scan for the largest", rows -> product(rows, FLOAT, DenseProduct.Epilogue.NONE)
                + scan(rows, LogitsScan.GREEDY)));
        lines.add(head("the largest, in the epilogue",
                rows -> product(rows, StepFloors.HEAD_RESULT, DenseProduct.Epilogue.GREEDY)));
        lines.add(head("all written, and the scan for a race",
                rows -> product(rows, FLOAT, DenseProduct.Epilogue.NONE) + scan(rows, LogitsScan.TEMPERATURE)));
        lines.add(head("a race at a temperature, in the epilogue",
                rows -> product(rows, inMemory, DenseProduct.Epilogue.TEMPERATURE)));
        return lines;
    }

    private double product(int rows, double columnBytes, DenseProduct.Epilogue epilogue) {
        return new DenseProduct(rows, model.vocabSize(), model.hiddenSize(), columnBytes, epilogue).on(chip).seconds();
    }

    private double scan(int rows, double instructions) {
        return Chip.GAP_SECONDS + new LogitsScan(rows, model.vocabSize(), instructions).on(chip).seconds();
    }

    private static String head(String what, IntToDoubleFunction seconds) {
        StringBuilder line = new StringBuilder("| " + what + " |");
        for (int rows : STEP_SEQS) {
            line.append(String.format(Locale.ROOT, " %.0f |", MICRO * seconds.applyAsDouble(rows)));
        }
        return line.toString();
    }

    private static String columns(String first) {
        StringBuilder head = new StringBuilder("| " + first + " |");
        for (int numSeqs : STEP_SEQS) {
            head.append(String.format(Locale.ROOT, " %,d |", numSeqs));
        }
        return head.toString();
    }

    /** Decode steps of several sizes: what they should take, and make. */
    public List<String> steps(int context) {
        List<String> lines = new ArrayList<>();
        lines.add("| sequences | launches | step | floor | share | tokens/s |");
        lines.add("|---|---|---|---|---|---|");
        for (int numSeqs : STEP_SEQS) {
            List<StepPrediction.Row> rows = StepPrediction.of(model, numSeqs, context, chip);
            double seconds = StepPrediction.seconds(rows);
            double floor = StepPrediction.floorSeconds(rows);
            lines.add(String.format(Locale.ROOT, "| %,d | %d | %.2f ms | %.2f ms | %.2f | %,.0f |", numSeqs,
                    StepPrediction.numLaunches(rows), 1e3 * seconds, 1e3 * floor, floor / seconds,
                    numSeqs / seconds));
        }
        return lines;
    }

    /** The same, operation by operation: microseconds of a step, and the floor's share of them. */
    public List<String> stepOperations(int context) {
        Map<String, String[]> cells = new LinkedHashMap<>();
        for (int i = 0; i < STEP_SEQS.length; i++) {
            for (StepPrediction.Row row : StepPrediction.of(model, STEP_SEQS[i], context, chip)) {
                String[] line = cells.computeIfAbsent(row.name(), _ -> new String[STEP_SEQS.length]);
                line[i] = String.format(Locale.ROOT, "%.0f%s", MICRO * row.seconds(), share(row));
            }
        }
        List<String> lines = new ArrayList<>(List.of(columns("operation"), RULE));
        cells.forEach((name, line) -> lines.add("| " + name + " | "
                + Arrays.stream(line).map(cell -> cell == null ? "-" : cell).collect(Collectors.joining(" | "))
                + " |"));
        return lines;
    }

    private static String share(StepPrediction.Row row) {
        double share = row.floorSeconds() / row.seconds();
        return share < 0.005 ? "" : String.format(Locale.ROOT, ", %.2f", share);
    }

    /** Decode steps as two half-batches beside each other ({@code --overlap}), against one batch. */
    public List<String> halves(int context) {
        List<String> lines = new ArrayList<>();
        lines.add("| sequences | one batch | two halves | of its time |");
        lines.add("|---|---|---|---|");
        for (int numSeqs : HALVED_SEQS) {
            double together = StepPrediction.seconds(StepPrediction.of(model, numSeqs, context, chip));
            double halves = OverlapPrediction.seconds(model, numSeqs, context, chip);
            lines.add(String.format(Locale.ROOT, "| %,d | %.2f ms | %.2f ms | %.2f |", numSeqs, 1e3 * together,
                    1e3 * halves, halves / together));
        }
        return lines;
    }

    /** Decode steps whose kernels begin before the one in front has ended ({@code --pdl}), against plain launches. */
    public List<String> programmatic(int context) {
        List<String> lines = new ArrayList<>();
        lines.add("| sequences | launches | of them early | plain | programmatic | of its time |");
        lines.add("|---|---|---|---|---|---|");
        for (int numSeqs : STEP_SEQS) {
            List<StepPrediction.Row> rows = StepPrediction.of(model, numSeqs, context, chip);
            double plain = StepPrediction.seconds(rows);
            ProgrammaticPrediction.Step step = ProgrammaticPrediction.step(model, numSeqs, context, chip);
            lines.add(String.format(Locale.ROOT, "| %,d | %d | %d | %.3f ms | %.3f ms | %.3f |", numSeqs,
                    StepPrediction.numLaunches(rows), step.numEarly(), 1e3 * plain, 1e3 * step.seconds(),
                    step.seconds() / plain));
        }
        return lines;
    }

    /** A decode step, kernel by kernel. */
    public List<String> step(int numSeqs, int context) {
        List<StepPrediction.Row> rows = StepPrediction.of(model, numSeqs, context, chip);
        double all = StepPrediction.seconds(rows);
        List<String> lines = new ArrayList<>();
        lines.add("| operation | kernel | calls | us | floor us | share | bound | of step |");
        lines.add("|---|---|---|---|---|---|---|---|");
        for (StepPrediction.Row row : rows) {
            lines.add(String.format(Locale.ROOT, "| %s | %s | %d | %.1f | %.1f | %.2f | %s | %.1f %% |", row.name(),
                    row.kernel(), row.numCalls(), MICRO * row.seconds(), MICRO * row.floorSeconds(),
                    row.floorSeconds() / row.seconds(), name(row.each().bound()), 100 * row.seconds() / all));
        }
        return lines;
    }

    private static String name(Prediction.Bound bound) {
        return switch (bound) {
            case MEMORY -> "memory";
            case IN_FLIGHT -> "bytes in flight";
            case PRODUCTS -> "products";
            case LATENCY -> "latency";
        };
    }
}
