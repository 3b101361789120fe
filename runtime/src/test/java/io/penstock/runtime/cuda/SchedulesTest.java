package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.Device;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.check.Closeness;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Experts;
import io.penstock.runtime.check.OperationBackend.Routed;
import io.penstock.runtime.check.OperationBackend.Router;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the order in which warps and blocks run, no check fails and the bits are the same. */
class SchedulesTest {
    private static final int NUM_SCHEDULES = 20;
    private static final int HIDDEN = 144;
    private static final int HEADS = 5;
    private static final int KV_HEADS = 2;
    private static final RouterRule RULE = new RouterRule(8, 3, true, 1);
    private static final ModelLimits LIMITS = new ModelLimits(4, 300, 300, 12, 4);

    private static ForwardBatch batch() {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        int[] ids = new int[300];
        Arrays.setAll(ids, i -> i % 64);
        batch.addSequence(2, ids, 0, 1, 9, new int[] {3});
        batch.addSequence(0, ids, 0, 126, 0, new int[] {5, 1});
        batch.addSequence(3, ids, 0, 40, 3, new int[] {7});
        batch.startFromSnapshot(2, 1);
        batch.writeSnapshot(64, 2);
        batch.setBlock(2, 0, 3);
        batch.setBlock(0, 0, 5);
        batch.setBlock(0, 1, 1);
        batch.setBlock(3, 0, 7);
        batch.computeLogits(0, 0);
        batch.computeLogits(1, 126);
        return batch;
    }

    private static List<float[]> run(DeviceBackend backend) {
        Samples samples = new Samples(1);
        ForwardBatch batch = batch();
        int rows = batch.numTokens();
        int qkvColumns = (HEADS + 2 * KV_HEADS) * 64;
        float[] x = samples.normal(rows * HIDDEN, 1);
        float[] y = samples.normal(rows * HIDDEN, 1);
        float[] weight = samples.normal(HIDDEN, 1);
        float[] matrix = samples.normal(72 * HIDDEN, 0.1);
        List<float[]> results = new ArrayList<>();
        results.add(backend.embed(samples.normal(64 * HIDDEN, 1), batch));
        results.add(backend.rmsNorm(x, weight, true));
        results.addAll(List.of(backend.addRmsNorm(x, y, weight)));
        results.add(backend.add(x, y, HIDDEN));
        results.add(backend.siluAndMul(samples.normalFloat32(rows * 2 * 72, 1), 72));
        results.add(backend.siluAndMulRounded(samples.normal(rows * 2 * 72, 1), 72));
        results.add(backend.linear(x, matrix, HIDDEN));
        results.add(backend.logits(Arrays.copyOf(x, 3 * HIDDEN), matrix, HIDDEN));
        results.add(backend.linearSiluAndMul(x, matrix, matrix, HIDDEN));
        results.add(backend.gatherLast(x, batch));
        for (int slot = 0; slot < 4; slot++) {
            backend.setConvState(0, slot, samples.normal(2 * HIDDEN, 1));
            backend.setSnapshot(0, slot, samples.normal(2 * HIDDEN, 1));
        }
        results.add(backend.shortConv(
                samples.normal(rows * 3 * HIDDEN, 1), samples.normal(3 * HIDDEN, 1), 0, batch));
        for (int slot = 0; slot < 4; slot++) {
            results.add(backend.convState(0, slot));
            results.add(backend.snapshot(0, slot));
        }
        results.add(backend.qkNormRopeStore(samples.normal(rows * qkvColumns, 1), samples.normal(64, 1),
                samples.normal(64, 1), 0, batch));
        results.add(backend.keyValue(0, batch.slot(rows - 1), 1));
        results.add(backend.attention(samples.normal(rows * qkvColumns, 1), 0, batch));
        ForwardBatch decode = new ForwardBatch(LIMITS);
        for (int slot = 3; slot > 0; slot--) {
            decode.addSequence(slot, new int[1], 0, 1, 9, new int[] {slot});
        }
        decode.writeSnapshot(1, 3);
        results.add(backend.inProjShortConv(Arrays.copyOf(x, 3 * HIDDEN), samples.normal(3 * HIDDEN * HIDDEN, 0.1),
                samples.normal(3 * HIDDEN, 1), 0, decode));
        results.add(backend.convState(0, 2));
        results.add(backend.snapshot(0, 3));
        addExperts(results, backend, samples, x, y, weight);
        return results;
    }

    private static void addExperts(List<float[]> results, DeviceBackend backend, Samples samples, float[] x, float[] y,
            float[] weight) {
        Router router = new Router(samples.normal(8 * HIDDEN, 0.2), null, RULE);
        Routed routed = backend.addRmsNormRouteTopK(x, y, weight, router);
        results.addAll(List.of(routed.out(), routed.choice().weights()));
        results.add(floats(routed.choice().expertIds()));
        results.add(floats(routed.sortedPairs()));
        float[][] gates = new float[8][];
        float[][] downs = new float[8][];
        for (int e = 0; e < 8; e++) {
            gates[e] = samples.normal(24 * HIDDEN, 0.1);
            downs[e] = samples.normal(HIDDEN * 24, 0.1);
        }
        float[] inner = backend.groupedLinearSiluAndMul(routed.out(), gates, gates, HIDDEN, routed.choice());
        float[] outer = backend.groupedLinear(inner, downs, 24, routed.choice());
        results.addAll(List.of(inner, outer));
        results.addAll(List.of(backend.combineAddRmsNorm(x, outer, RULE.expertsPerToken(), weight)));
    }

    private static float[] floats(int[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values[i];
        }
        return floats;
    }

    /** What a list of runs gives must be the same each time, without a fault. Each launch has an order of its own. */
    private static void requireSameRuns(EmulatorDevice device, Supplier<List<float[]>> runs) {
        List<float[]> first = null;
        for (int run = 0; run < NUM_SCHEDULES; run++) {
            List<float[]> results = runs.get();
            assertEquals(List.of(), device.faults(), "run " + run);
            first = first == null ? results : first;
            for (int i = 0; i < results.size(); i++) {
                new Closeness().requireSame("result " + i + " of run " + run, 1, first.get(i), results.get(i));
            }
        }
    }

    private static void requireEveryKernel(EmulatorDevice device, int computeCapability) {
        Set<String> missing = ShippedKernels.all(computeCapability);
        ShippedKernels.removeLaunched(missing, device);
        ShippedKernels.requireNone(missing, "run in twenty schedules: add them to VariantRuns");
    }

    @Test
    void sameBitsAndNoFaults() {
        ModelConfig config = Samples.withExperts(Samples.config(64, HIDDEN, HEADS, KV_HEADS), RULE);
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(7));
        try (device; DeviceBackend backend = new DeviceBackend(device, config, LIMITS);
                VariantRuns variants = new VariantRuns(device)) {
            requireSameRuns(device, () -> run(backend));
            requireSameRuns(device, variants::run);
            requireEveryKernel(device, 80);
        }
    }

    /** Of four sequences: two take the largest logit or win a race in the LM head, the others need logits. */
    private static float[] tokensFromHead(DeviceBackend backend, float[] x, float[] embedTokens) {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        for (int slot = 0; slot < LIMITS.maxNumSeqs(); slot++) {
            TokenFilters filters = slot == 2 ? new TokenFilters(5, 1, 0) : TokenFilters.NONE;
            Penalties penalties = slot == 3 ? new Penalties(1.2, 0, 0) : Penalties.NONE;
            backend.startSequence(slot, new SamplingParams(slot == 0 ? 0 : 0.8, filters, penalties,
                    TokenConstraints.NONE, StopConditions.afterTokens(9), slot, -1), new int[] {1}, 1, 1);
            batch.setBlock(slot, 0, slot);
            batch.sample(batch.addSequence(slot, new int[] {1}, 0, 1, 0, new int[] {slot}));
        }
        StepResult result = backend.sampleFromHead(x, embedTokens, HIDDEN, batch);
        float[] tokens = new float[batch.numLogits()];
        for (int row = 0; row < tokens.length; row++) {
            tokens[row] = result.tokenId(row);
        }
        return tokens;
    }

    /** Each begins before one in front of it has ended that writes its rows. */
    @Test
    void kernelsOfHopperHaveTheSameBitsAndNoFaults() {
        ModelConfig config = Samples.withExperts(Samples.config(64, HIDDEN, HEADS, KV_HEADS), RULE);
        Samples samples = new Samples(2);
        float[] x = samples.normal(80 * HIDDEN, 1);
        float[] matrix = samples.normal(200 * HIDDEN, 0.1);
        float[][] experts = new float[8][];
        Arrays.setAll(experts, e -> samples.normal(72 * HIDDEN, 0.1));
        float[][] downs = new float[8][];
        Arrays.setAll(downs, e -> samples.normal(HIDDEN * 72, 0.1));
        int[] ids = new int[70 * RULE.expertsPerToken()];
        Arrays.setAll(ids, pair -> pair / 3 % 2 == 0 ? pair % 3 : 7 - pair % 3);
        var choice = new Choice(8, RULE.expertsPerToken(), ids, samples.normalFloat32(ids.length, 1));
        float[] inner = samples.normal(ids.length * 72, 1);
        ForwardBatch batch = batch();
        int heads = batch.numTokens() * (HEADS + 2 * KV_HEADS) * 64;
        float[] qkv = samples.normal(heads, 1);
        // Of each of the first experts more rows than an instruction has columns.
        int[] manyIds = new int[300 * RULE.expertsPerToken()];
        Arrays.setAll(manyIds, pair -> pair % RULE.expertsPerToken());
        var many = new Choice(8, RULE.expertsPerToken(), manyIds, samples.normalFloat32(manyIds.length, 1));
        float[] manyInner = samples.normal(manyIds.length * 72, 1);
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1).on(90));
        Device behind = BehindWriter.of(device);
        try (device; DeviceBackend backend = new DeviceBackend(behind, config, LIMITS);
                VariantRuns variants = new VariantRuns(behind)) {
            backend.qkNormRopeStore(
                    samples.normal(heads, 1), samples.normal(64, 1), samples.normal(64, 1), 0, batch);
            requireSameRuns(device, () -> {
                List<float[]> results = new ArrayList<>(List.of(backend.linear(x, matrix, HIDDEN),
                        backend.logits(Arrays.copyOf(x, 7 * HIDDEN), matrix, HIDDEN),
                        backend.linearSiluAndMul(Arrays.copyOf(x, 20 * HIDDEN), matrix, matrix, HIDDEN),
                        backend.groupedLinear(inner, experts, 72, choice),
                        backend.groupedLinear(manyInner, experts, 72, many),
                        tokensFromHead(backend, Arrays.copyOf(x, 4 * HIDDEN), Arrays.copyOf(matrix, 64 * HIDDEN)),
                        backend.attention(qkv, 0, batch)));
                results.addAll(List.of(backend.expertsAddRmsNorm(Arrays.copyOf(x, 70 * HIDDEN),
                        Arrays.copyOfRange(x, 5 * HIDDEN, 75 * HIDDEN), new Experts(experts, experts, downs), choice,
                        Arrays.copyOf(x, HIDDEN))));
                return results;
            });
            requireSameRuns(device, variants::run);
            requireEveryKernel(device, 90);
        }
    }

    /**
     * However few blocks of a launch a device holds at the same time, and whichever of them goes first, none waits for
     * one that has not begun.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void rowsBehindProductsNeedNoBlockThatHasNotBegun(int numResident) {
        EmulatorDevice many = new EmulatorDevice(EmulatorOptions.collecting(1).on(90));
        EmulatorDevice few = new EmulatorDevice(EmulatorOptions.collecting(numResident).on(90).residing(numResident));
        try (many; few; VariantRuns expected = new VariantRuns(many); VariantRuns runs = new VariantRuns(few)) {
            List<float[]> results = expected.rowsBehindProducts();
            for (int run = 0; run < 3; run++) {
                List<float[]> same = runs.rowsBehindProducts();
                assertEquals(List.of(), few.faults(), numResident + " blocks at the same time");
                for (int i = 0; i < results.size(); i++) {
                    new Closeness().requireSame("result " + i, 1, results.get(i), same.get(i));
                }
            }
        }
    }

    /** Decode steps of several sequences, from the same states each time; 128 channels are two whole parts of 64. */
    private static List<float[]> convolutions(DeviceBackend backend, int hidden, int numSeqs, ModelLimits limits) {
        Samples samples = new Samples(3);
        ForwardBatch batch = new ForwardBatch(limits);
        for (int slot = 0; slot < numSeqs; slot++) {
            batch.addSequence(slot, new int[1], 0, 1, 9, new int[] {0});
            backend.setConvState(0, slot, samples.normal(2 * hidden, 1));
        }
        batch.writeSnapshot(1, 3);
        float[] out = backend.inProjShortConv(samples.normal(numSeqs * hidden, 1),
                samples.normal(3 * hidden * hidden, 0.1), samples.normal(3 * hidden, 1), 0, batch);
        return List.of(out, backend.convState(0, numSeqs - 1), backend.snapshot(0, 3));
    }

    /** So many that a warp of the large variant has more than one round of them. */
    @Test
    void convolutionsOfManySequencesHaveTheSameBitsAndNoFaults() {
        int hidden = 128;
        int numSeqs = 97;
        ModelLimits limits = new ModelLimits(numSeqs, numSeqs, 64, 1, 4);
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1).on(90));
        try (device; DeviceBackend backend = new DeviceBackend(
                Backends.withMultiprocessors(BehindWriter.of(device), 2), Samples.config(hidden), limits)) {
            requireSameRuns(device, () -> convolutions(backend, hidden, numSeqs, limits));
        }
    }
}
