package io.penstock.bench.step;

import io.penstock.bench.kernels.BenchmarkMemory;
import io.penstock.bench.kernels.KernelBenchmark;
import io.penstock.bench.kernels.KernelShape;
import io.penstock.bench.kernels.KernelSuite;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.ExpertsAddRmsNormKernel;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a step of a large model moves, from its operations one by one, on a device that counts: no weights are needed.
 * Each operation runs all its rows at the model's row lengths, but on a slice of what is the same again and again:
 * columns of a projection, kv heads, experts with their share of the rows. Its traffic against the slice's floor, times
 * the floor of the whole and the calls in a step, is what is reported. Traffic is each 32-byte sector of a launch once.
 */
public final class StepTraffic {
    private static final int SECTOR_BYTES = 32;
    private static final int BF16 = 2;
    private static final int SLICE_WIDTH = 64;
    private static final int SLICE_VOCAB = 16;
    private static final int SLICE_EXPERTS = 4;

    private final Device device;
    private final DeviceSpec spec;
    private final Supplier<Map<String, Long>> counters;

    /**
     * One launch that stands for a part of an operation.
     *
     * @param entry of {@link KernelSuite}
     * @param floorBytes of the whole part
     */
    private record Part(String entry, KernelShape shape, int numTokens, double floorBytes) {}

    /**
     * On a device that the caller closes.
     *
     * @param counters what was counted since they were last asked, by name, the number of launches among it
     */
    public StepTraffic(Device device, DeviceSpec spec, Supplier<Map<String, Long>> counters) {
        this.device = device;
        this.spec = spec;
        this.counters = counters;
    }

    /** Counts a step; of attention in a decode step, with the context that its benchmark has. */
    public StepProfile.Result count(ModelConfig model, StepProfile.Step step) {
        List<StepProfile.Row> rows = new ArrayList<>();
        double launches = 0;
        boolean isFused = WeightFormat.of(device.properties()) == WeightFormat.TILES;
        Map<String, StepFloors.Floor> floors = StepFloors.of(
                model, new StepFloors.Sizes(step.numTokens(), step.numSeqs(), step.context(), isFused));
        for (var named : floors.entrySet()) {
            StepFloors.Floor floor = named.getValue();
            Map<String, Double> metrics = new LinkedHashMap<>(Map.of("trafficBytes", 0.0, "launches", 0.0));
            for (Part part : parts(named.getKey(), model, step, floor.bytes(), isFused)) {
                count(part).forEach((name, value) -> metrics.merge(name, floor.numCalls() * value, Double::sum));
            }
            launches += metrics.get("launches");
            double floorUs = 1e6 * Math.max(
                    floor.bytes() / spec.bytesPerSecond(), floor.flops() / spec.flopsPerSecond());
            rows.add(new StepProfile.Row(named.getKey(), floor.numCalls(), floor.numCalls() * floor.bytes(),
                    floor.numCalls() * floorUs, metrics));
        }
        return new StepProfile.Result(rows, Map.of("launches", launches));
    }

    private static List<Part> parts(
            String operation, ModelConfig model, StepProfile.Step step, double floorBytes, boolean isFused) {
        int tokens = step.numTokens();
        KernelShape full = KernelShape.of(model);
        KernelShape slice = slice(full);
        if (operation.equals("inProjShortConv") && step.isPrefill()) {
            double hidden = full.hidden();
            double states = 2 * model.convStateLength() * hidden * step.numSeqs();
            return List.of(new Part("linear down_proj", slice, tokens,
                            BF16 * (3 * hidden * hidden + 4 * tokens * hidden)),
                    new Part("short_conv prefill", slice, tokens, BF16 * (4 * tokens * hidden + states)));
        }
        if (operation.equals("sample") && isFused) {
            // Counted with the logits.
            return List.of();
        }
        String entry = switch (operation) {
            case "embed" -> "embed";
            case "rmsNorm" -> "rms_norm";
            case "inProjShortConv" -> "in_proj_short_conv";
            case "linear convOutProj", "linear qkvProj", "linear attentionOutProj", "linear denseDown" ->
                "linear down_proj";
            case "linearAddRmsNorm convOutProj", "linearAddRmsNorm attentionOutProj", "linearAddRmsNorm denseDown" ->
                "linear_add_rms_norm down_proj";
            case "linearAddRmsNormRouteTopK convOutProj", "linearAddRmsNormRouteTopK attentionOutProj" ->
                "linear_add_rms_norm routed";
            case "groupedLinearAddRmsNorm" -> "grouped_linear_add_rms_norm";
            case "qkNormRopeStore" -> "qk_norm_rope_store";
            case "qkvNormRopeStore" -> "qkv_norm_rope_store";
            case "attention" -> step.isPrefill() ? "attention prefill" : "attention decode";
            case "addRmsNorm" -> "add_rms_norm";
            case "linearSiluAndMul" -> "linear gate_up";
            case "addRmsNormRouteTopK" -> "add_rms_norm_route_top_k";
            case "groupedLinearSiluAndMul" -> "grouped_linear gate_up";
            case "groupedLinear" -> "grouped_linear down";
            case "expertsAddRmsNorm" -> "experts_add_rms_norm";
            case "combineAddRmsNorm" -> "combine_add_rms_norm";
            case "gatherLast" -> "gather_last";
            case "logits" -> isFused ? "sample_from_head greedy" : "linear lm_head";
            case "sample" -> "sample greedy";
            default -> throw new IllegalStateException("no benchmark for " + operation);
        };
        boolean isOfSequences = List.of("gatherLast", "logits", "sample").contains(operation)
                || operation.equals("expertsAddRmsNorm") && !ExpertsAddRmsNormKernel.isFor(
                        tokens * full.experts().perToken(), full.experts().num());
        boolean isWhole = !operation.startsWith("grouped") && !operation.startsWith("experts")
                && !operation.equals("attention");
        return List.of(new Part(entry, isWhole ? whole(full) : slice, isOfSequences ? step.numSeqs() : tokens,
                floorBytes));
    }

    /** All heads and experts, with narrow products. */
    private static KernelShape whole(KernelShape full) {
        return new KernelShape(full.hidden(), SLICE_WIDTH, full.numHeads(), full.numKvHeads(),
                full.vocab() / SLICE_VOCAB, full.experts());
    }

    /** One kv head with its group, a quarter of the experts with a quarter for each token, and narrow products. */
    private static KernelShape slice(KernelShape full) {
        KernelShape.Experts experts = full.experts();
        int share = Math.max(1, Math.min(SLICE_EXPERTS, experts.perToken()));
        return new KernelShape(full.hidden(), SLICE_WIDTH, full.numHeads() / full.numKvHeads(), 1,
                full.vocab() / SLICE_VOCAB,
                new KernelShape.Experts(experts.num() / share, experts.perToken() / share, SLICE_WIDTH),
                full.numKvHeads());
    }

    private Map<String, Double> count(Part part) {
        KernelSuite.Entry entry = KernelSuite.all().stream().filter(each -> each.name().equals(part.entry()))
                .findFirst().orElseThrow();
        try (Stream stream = device.createStream("counts");
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, part.numTokens(), false);
                KernelBenchmark benchmark = entry.open(memory, part.shape())) {
            stream.synchronize();
            counters.get();
            benchmark.launch(stream, 0);
            stream.synchronize();
            Map<String, Long> counted = counters.get();
            double scale = part.floorBytes() / benchmark.floorBytes();
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("trafficBytes", scale * SECTOR_BYTES
                    * (counted.get("uniqueReadSectors") + counted.get("uniqueWriteSectors")));
            metrics.put("launches", (double) counted.get("launches"));
            return metrics;
        }
    }
}
