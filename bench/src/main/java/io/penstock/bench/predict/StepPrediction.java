package io.penstock.bench.predict;

import io.penstock.bench.step.StepFloors;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A decode step of a model, from its kernels: each with the time from the end of the one before. Logits are written and
 * sampled from, as for requests with filters; a step in which all are greedy or have a temperature alone takes less.
 */
public final class StepPrediction {
    private static final int BF16 = 2;
    private static final int FLOAT = 4;
    private static final double ROUTE_SECONDS = 4e-6;
    private static final double SAMPLE_SECONDS = 7e-6;

    private final ModelConfig model;
    private final int numSeqs;
    private final int context;

    /** An operation's calls in a step. */
    public record Row(String name, int numCalls, Prediction each) {
        double seconds() {
            return numCalls * (each.seconds() + Chip.GAP_SECONDS);
        }

        double floorSeconds() {
            return numCalls * each.floorSeconds();
        }
    }

    private StepPrediction(ModelConfig model, int numSeqs, int context) {
        this.model = model;
        this.numSeqs = numSeqs;
        this.context = context;
    }

    /** What each operation of a decode step should take, in their order. */
    public static List<Row> of(ModelConfig model, int numSeqs, int context, Chip chip) {
        Map<String, StepFloors.Floor> floors =
                StepFloors.of(model, new StepFloors.Sizes(numSeqs, numSeqs, context, false));
        var step = new StepPrediction(model, numSeqs, context);
        List<Row> rows = new ArrayList<>();
        floors.forEach((name, floor) ->
                rows.add(new Row(name, floor.numCalls(), step.kernel(name, floor).on(chip))));
        return rows;
    }

    /** What the whole step should take. */
    public static double seconds(List<Row> rows) {
        return rows.stream().mapToDouble(Row::seconds).sum();
    }

    /** What it takes at least, one operation after the other. */
    public static double floorSeconds(List<Row> rows) {
        return rows.stream().mapToDouble(Row::floorSeconds).sum();
    }

    private KernelModel kernel(String operation, StepFloors.Floor floor) {
        int hidden = model.hiddenSize();
        int queries = model.attention().queryWidth();
        return switch (operation) {
            case "linear convOutProj" -> product(hidden, hidden);
            case "linear qkvProj" -> product(queries + 2 * model.attention().kvWidth(), hidden);
            case "linear attentionOutProj" -> product(hidden, queries);
            case "linearSiluAndMul" -> new DenseProduct(numSeqs, 2 * model.feedForward().denseWidth(), hidden, 1);
            case "linear denseDown" -> product(hidden, model.feedForward().denseWidth());
            case "logits" -> new DenseProduct(numSeqs, model.vocabSize(), hidden, FLOAT);
            case "groupedLinearSiluAndMul" -> experts(2 * model.moe().expertWidth(), hidden, 1, 1);
            case "groupedLinear" ->
                experts(hidden, model.moe().expertWidth(), BF16, model.moe().expertsPerToken());
            case "inProjShortConv" -> new MmaProduct(floor.bytes(), floor.flops());
            case "attention" -> new DecodeAttention(
                    numSeqs, context, model.attention().numKvHeads(), floor.bytes(), floor.flops());
            case "addRmsNormRouteTopK" -> new RowOperation(floor.bytes(), ROUTE_SECONDS);
            case "sample" -> new RowOperation(floor.bytes(), SAMPLE_SECONDS);
            default -> new RowOperation(floor.bytes(), 0);
        };
    }

    private KernelModel product(int weightRows, int k) {
        return new DenseProduct(numSeqs, weightRows, k, BF16);
    }

    private KernelModel experts(int weightRows, int k, double columnBytes, int xRows) {
        var experts = new ExpertProduct.Experts(model.moe().numExperts(), model.moe().expertsPerToken());
        return new ExpertProduct(numSeqs, experts, weightRows, k, columnBytes, xRows);
    }
}
