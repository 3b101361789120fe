package io.penstock.bench.predict;

import io.penstock.bench.step.StepFloors;
import io.penstock.device.Stream;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.StepLaunches;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A decode step of a model, launch by launch as a runner queues it, each with the time from the end of the one before.
 * All sequences take the largest logit; what a temperature adds is in the LM head's epilogue.
 */
public final class StepPrediction {
    private static final double ROUTE_SECONDS = 4e-6;

    /** Of one row's choice, of which a multiprocessor has so many at a time. */
    private static final double CHOICE_SECONDS = 3e-6;

    private static final int CHOICES_OF_MULTIPROCESSOR = 2;
    private static final double BLOCK_UPDATE_BYTES = 12;
    private static final StepFloors.Floor NO_FLOOR = new StepFloors.Floor(1, 0, 0);

    /** What is launched depends on nothing else, and is asked for again and again. */
    private record Step(ModelConfig model, int numMultiprocessors, int numSeqs, int context) {}

    private static final Map<Step, StepLaunches> KNOWN = new ConcurrentHashMap<>();

    private final ModelConfig model;
    private final int numSeqs;
    private final int context;
    private final Chip chip;

    /**
     * A kernel's launches for one operation.
     *
     * @param kernel the entry; empty for copies
     * @param numCalls in a step
     */
    public record Row(String operation, String kernel, int numCalls, Prediction each) {
        double seconds() {
            return numCalls * (each.seconds() + Chip.GAP_SECONDS);
        }

        double floorSeconds() {
            return numCalls * each.floorSeconds();
        }

        /** The operation, and which of its kernels where it has several. */
        String name() {
            return kernel.startsWith("sample_") ? operation + " " + kernel.substring("sample_".length()) : operation;
        }
    }

    private StepPrediction(ModelConfig model, int numSeqs, int context, Chip chip) {
        this.model = model;
        this.numSeqs = numSeqs;
        this.context = context;
        this.chip = chip;
    }

    /** What each launch of a decode step should take, in their order, and the copies last. */
    public static List<Row> of(ModelConfig model, int numSeqs, int context, Chip chip) {
        Map<String, Row> rows = new LinkedHashMap<>();
        for (Launched launched : launches(model, numSeqs, context, chip)) {
            rows.merge(launched.row().operation() + " " + launched.row().kernel(), launched.row(),
                    (all, one) -> new Row(all.operation(), all.kernel(), all.numCalls() + 1, all.each()));
        }
        return List.copyOf(rows.values());
    }

    /**
     * One launch.
     *
     * @param layer of the model, or negative before the first and behind the last
     * @param row of this one call
     * @param launch as a runner queues it with kernels that begin early; null for copies
     */
    record Launched(int layer, Row row, StepLaunches.Launch launch) {}

    /** The same launch by launch. */
    static List<Launched> launches(ModelConfig model, int numSeqs, int context, Chip chip) {
        Map<String, StepFloors.Floor> floors =
                StepFloors.of(model, new StepFloors.Sizes(numSeqs, numSeqs, context, true));
        StepLaunches launches = KNOWN.computeIfAbsent(new Step(model, chip.numMultiprocessors(), numSeqs, context),
                _ -> StepLaunches.ofDecode(
                        model, chip.properties(), numSeqs, context, Stream.Serialization.PROGRAMMATIC));
        var step = new StepPrediction(model, numSeqs, context, chip);
        Map<String, Prediction> known = new HashMap<>();
        List<Launched> all = new ArrayList<>();
        for (StepLaunches.Launch launch : launches.launches()) {
            Prediction each = known.computeIfAbsent(launch.operation() + " " + launch.kernel(), _ -> step.kernel(
                    launch, floors.getOrDefault(launch.operation(), NO_FLOOR)).on(chip));
            all.add(new Launched(launch.layer(), new Row(launch.operation(), launch.kernel(), 1, each), launch));
        }
        var copies = new HostCopies(launches.numCopies(), launches.copiedBytes());
        all.add(new Launched(StepLaunches.NO_LAYER, new Row("copies", "", 1, copies.on(chip)), null));
        return all;
    }

    /** What the whole step should take. */
    public static double seconds(List<Row> rows) {
        return rows.stream().mapToDouble(Row::seconds).sum();
    }

    /** What it takes at least, one operation after the other. */
    public static double floorSeconds(List<Row> rows) {
        return rows.stream().mapToDouble(Row::floorSeconds).sum();
    }

    /** Kernels of a model. */
    public static int numLaunches(List<Row> rows) {
        return rows.stream().filter(row -> !row.kernel().isEmpty()).mapToInt(Row::numCalls).sum();
    }

    /** By the kernel that was launched; one that has no model here is a programmer's error. */
    private KernelModel kernel(StepLaunches.Launch launch, StepFloors.Floor floor) {
        String kernel = launch.kernel();
        if (kernel.startsWith("linear_") && kernel.contains("_tiled_")) {
            return tiledProduct(launch.operation());
        }
        if (kernel.startsWith("grouped_linear_") && kernel.contains("_tiled_")) {
            return expertProduct(launch.operation());
        }
        if (kernel.startsWith("qkv_norm_rope_store_tiled_")) {
            return new DenseProduct(numSeqs, model.attention().queryWidth() + 2 * model.attention().kvWidth(),
                    model.hiddenSize(), Short.BYTES, DenseProduct.Epilogue.HEADS);
        }
        if (kernel.startsWith("in_proj_short_conv_tiled_")) {
            return new ConvolutionProduct(numSeqs, model.hiddenSize());
        }
        return switch (kernel) {
            case "experts_add_rms_norm_tiled_m64_bf16" -> new ExpertsLaunch(numSeqs, experts(), model.hiddenSize(),
                    model.moe().expertWidth(), expertRowBytes());
            case "attention_decode_wgmma_bf16" -> new DecodeAttention(
                    numSeqs, context, model.attention().numKvHeads(), floor.bytes(), floor.flops());
            // Rows that the head has chosen for are passed over.
            case "sample_scan_f32" -> new RowOperation(0, 0);
            case "sample_choose_f32" -> new RowOperation(floor.bytes(), CHOICE_SECONDS
                    * Math.ceilDiv(numSeqs, chip.numMultiprocessors() * CHOICES_OF_MULTIPROCESSOR));
            case "update_block_tables_i32" -> new RowOperation(BLOCK_UPDATE_BYTES * numSeqs, 0);
            case "embed_tiled_bf16", "rms_norm_bf16", "gather_last_bf16" -> new RowOperation(floor.bytes(), 0);
            default -> throw new IllegalStateException("a decode step launches " + kernel + " for "
                    + launch.operation() + ": StepPrediction needs a model of it");
        };
    }

    private KernelModel tiledProduct(String operation) {
        int hidden = model.hiddenSize();
        int queries = model.attention().queryWidth();
        return switch (operation) {
            case "linearAddRmsNorm convOutProj" -> normed(hidden, false);
            case "linearAddRmsNormRouteTopK convOutProj" -> normed(hidden, true);
            case "linearAddRmsNorm attentionOutProj" -> normed(queries, false);
            case "linearAddRmsNormRouteTopK attentionOutProj" -> normed(queries, true);
            case "linearAddRmsNorm denseDown" -> normed(model.feedForward().denseWidth(), false);
            case "linearSiluAndMul" -> new DenseProduct(numSeqs, 2 * model.feedForward().denseWidth(), hidden, 1);
            case "logits" -> new DenseProduct(numSeqs, model.vocabSize(), hidden, StepFloors.HEAD_RESULT,
                    DenseProduct.Epilogue.GREEDY);
            default -> throw new IllegalStateException("a decode step multiplies for " + operation
                    + ": StepPrediction needs its shape");
        };
    }

    /** Of a layer's experts, what is no weight: rows between the products, and those of the step. */
    private double expertRowBytes() {
        double pairs = (double) numSeqs * model.moe().expertsPerToken();
        return Short.BYTES * (2 * pairs * (model.moe().expertWidth() + model.hiddenSize())
                + 4.0 * numSeqs * model.hiddenSize());
    }

    /** A product to the residual stream with the norm behind it, and where experts follow, the router. */
    private KernelModel normed(int k, boolean isRouted) {
        double hidden = model.hiddenSize();
        double rowBytes = Short.BYTES * hidden * (4.0 * numSeqs + (isRouted ? model.moe().numExperts() : 0));
        return new RowsBehind(new DenseProduct(numSeqs, model.hiddenSize(), k, Short.BYTES), numSeqs, rowBytes,
                RowsBehind.ROW_SECONDS + (isRouted ? ROUTE_SECONDS : 0));
    }

    private KernelModel expertProduct(String operation) {
        int hidden = model.hiddenSize();
        int width = model.moe().expertWidth();
        int perToken = model.moe().expertsPerToken();
        return switch (operation) {
            case "groupedLinearSiluAndMul" -> experts(2 * width, hidden, 1, 1);
            case "groupedLinearAddRmsNorm" -> new RowsBehind(experts(hidden, width, Short.BYTES, perToken), numSeqs,
                    Short.BYTES * (double) hidden * numSeqs * (perToken + 3), ExpertsLaunch.ROW_SECONDS);
            default -> throw new IllegalStateException("a decode step multiplies experts for " + operation
                    + ": StepPrediction needs its shape");
        };
    }

    private Experts experts() {
        return new Experts(model.moe().numExperts(), model.moe().expertsPerToken());
    }

    private TiledProduct experts(int weightRows, int k, double columnBytes, int xRows) {
        return new ExpertProduct(numSeqs, experts(), weightRows, k, columnBytes, xRows);
    }
}
