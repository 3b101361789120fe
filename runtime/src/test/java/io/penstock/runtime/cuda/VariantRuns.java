package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Routed;
import io.penstock.runtime.check.OperationBackend.Router;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Small runs of what has several variants, so that each is selected: on a device as it is, and on the same one as if it
 * had one multiprocessor, where a few rows are many. Runs of the same inputs, again and again.
 */
final class VariantRuns implements AutoCloseable {
    private static final int HIDDEN = 80;

    /** Of the device with one multiprocessor: whole parts of the largest blocks. */
    private static final int NARROW_HIDDEN = 64;

    private static final int VOCAB = 4203;
    private static final int FEW_TOKENS = 136;
    private static final int NUM_EXPERTS = 8;
    private static final int EXPERTS_PER_TOKEN = 3;
    private static final RouterRule RULE = new RouterRule(NUM_EXPERTS, EXPERTS_PER_TOKEN, true, 1);
    private static final ModelLimits LIMITS = new ModelLimits(72, 300, 136, 144, 0);

    private final DeviceBackend wide;
    private final DeviceBackend narrow;

    VariantRuns(Device device) {
        ModelConfig config = Samples.withExperts(Samples.config(VOCAB, HIDDEN, 1, 1), RULE);
        wide = new DeviceBackend(device, config, LIMITS);
        narrow = new DeviceBackend(
                Backends.withMultiprocessors(device, 1), Samples.config(FEW_TOKENS, NARROW_HIDDEN, 1, 1), LIMITS);
    }

    /** Everything once; the same each time. */
    List<float[]> run() {
        Samples samples = new Samples(3);
        List<float[]> results = new ArrayList<>();
        addProducts(results, samples);
        addRowsBehindProducts(results, samples);
        addExperts(results, samples);
        addRows(results, samples);
        addHeads(results, samples, wide, HIDDEN);
        addHeads(results, samples, narrow, NARROW_HIDDEN);
        addSampling(results, samples);
        return results;
    }

    private void addProducts(List<float[]> results, Samples samples) {
        float[] x = samples.normal(130 * HIDDEN, 1);
        float[] matrix = samples.normal(136 * HIDDEN, 0.1);
        for (int rows : new int[] {7, 20}) {
            float[] few = Arrays.copyOf(x, rows * HIDDEN);
            results.addAll(List.of(wide.linear(few, matrix, HIDDEN), wide.logits(few, matrix, HIDDEN),
                    wide.linearSiluAndMul(few, matrix, matrix, HIDDEN)));
        }
        results.addAll(List.of(narrow.linear(x, matrix, HIDDEN), narrow.logits(x, matrix, HIDDEN),
                narrow.linearSiluAndMul(x, matrix, matrix, HIDDEN)));
    }

    /** Several tiles of rows, of which the last are routed. */
    List<float[]> rowsBehindProducts() {
        List<float[]> results = new ArrayList<>();
        addRowsBehindProducts(results, new Samples(4));
        return results;
    }

    private void addRowsBehindProducts(List<float[]> results, Samples samples) {
        for (int numRows : new int[] {5, 130}) {
            float[] residual = samples.normal(numRows * HIDDEN, 1);
            float[] x = samples.normal(numRows * HIDDEN, 1);
            float[] matrix = samples.normal(HIDDEN * HIDDEN, 0.1);
            float[] norm = samples.normal(HIDDEN, 1);
            Router router = new Router(samples.normal(NUM_EXPERTS * HIDDEN, 0.2), null, RULE);
            Routed routed = wide.linearAddRmsNormRouteTopK(residual, x, matrix, norm, router);
            results.addAll(List.of(routed.residual(), routed.out(), routed.choice().weights()));
            results.addAll(List.of(narrow.linearAddRmsNorm(residual, x, matrix, norm)));
            results.addAll(List.of(wide.groupedLinearAddRmsNorm(residual,
                    samples.normal(numRows * EXPERTS_PER_TOKEN * 24, 1), experts(samples), routed.choice(), norm)));
        }
    }

    private static float[][] experts(Samples samples) {
        float[][] downs = new float[NUM_EXPERTS][];
        Arrays.setAll(downs, _ -> samples.normal(HIDDEN * 24, 0.1));
        return downs;
    }

    private void addExperts(List<float[]> results, Samples samples) {
        float[][] gates = new float[NUM_EXPERTS][];
        float[][] downs = new float[NUM_EXPERTS][];
        for (int e = 0; e < NUM_EXPERTS; e++) {
            gates[e] = samples.normal(24 * HIDDEN, 0.1);
            downs[e] = samples.normal(HIDDEN * 24, 0.1);
        }
        for (int numTokens : new int[] {10, 30, 120}) {
            int[] ids = new int[numTokens * EXPERTS_PER_TOKEN];
            Arrays.setAll(ids, pair -> pair % NUM_EXPERTS);
            var choice = new Choice(
                    NUM_EXPERTS, EXPERTS_PER_TOKEN, ids, samples.normalFloat32(ids.length, 1));
            float[] inner = wide.groupedLinearSiluAndMul(
                    samples.normal(numTokens * HIDDEN, 1), gates, gates, HIDDEN, choice);
            results.addAll(List.of(inner, wide.groupedLinear(inner, downs, 24, choice)));
        }
    }

    /** A decode batch of 40 sequences, and a copy of a block. */
    private void addRows(List<float[]> results, Samples samples) {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        int numSeqs = 40;
        int[] ids = new int[1];
        for (int slot = 0; slot < numSeqs; slot++) {
            ids[0] = slot;
            batch.addSequence(slot, ids, 0, 1, 9, new int[] {slot});
        }
        results.add(wide.embed(samples.normal(VOCAB * HIDDEN, 1), batch));
        addConvolution(results, samples, wide, HIDDEN, batch);
        addConvolution(results, samples, narrow, NARROW_HIDDEN, batch);
        ForwardBatch copies = new ForwardBatch(LIMITS);
        copies.addCopy(ForwardBatch.Copy.BLOCK, 3, 100);
        wide.setBlock(0, 3, samples.normal(2 * 64 * 64, 1));
        wide.copyBlocks(copies);
        results.add(wide.block(0, 100));
    }

    private static void addConvolution(
            List<float[]> results, Samples samples, DeviceBackend backend, int hidden, ForwardBatch batch) {
        for (int slot = 0; slot < batch.numSeqs(); slot++) {
            backend.setConvState(0, slot, samples.normal(2 * hidden, 1));
        }
        results.add(backend.inProjShortConv(samples.normal(batch.numSeqs() * hidden, 1),
                samples.normal(3 * hidden * hidden, 0.1), samples.normal(3 * hidden, 1), 0, batch));
        results.add(backend.convState(0, 5));
    }

    private static void addHeads(List<float[]> results, Samples samples, DeviceBackend backend, int hidden) {
        int numTokens = 120;
        ForwardBatch batch = new ForwardBatch(LIMITS);
        batch.addSequence(0, new int[numTokens], 0, numTokens, 0, new int[] {5, 1});
        float[] norm = samples.normal(64, 1);
        results.add(backend.qkvNormRopeStore(samples.normal(numTokens * hidden, 1),
                samples.normal(3 * 64 * hidden, 0.1), norm, norm, 0, batch));
        results.add(backend.block(0, 1));
    }

    private static SamplingParams params(double temperature, TokenFilters filters, int numLogprobs) {
        Penalties penalties = numLogprobs < 0 ? Penalties.NONE : new Penalties(1.2, 0.1, 0.1);
        return new SamplingParams(temperature, filters, penalties, TokenConstraints.NONE,
                StopConditions.afterTokens(9), 5, numLogprobs);
    }

    /** Rows of every way to a token: raw, by a few candidates, by digits; from logits, and from the head. */
    private void addSampling(List<float[]> results, Samples samples) {
        SamplingParams[] wishes = {
            SamplingParams.greedy(9), params(1, TokenFilters.NONE, -1), params(0.7, new TokenFilters(5, 0.9, 0.01), -1),
            params(1, new TokenFilters(0, 0.9, 0), -1), params(1, new TokenFilters(2500, 0.8, 1e-4), -1),
            params(0.9, TokenFilters.NONE, 3)
        };
        ForwardBatch batch = start(wide, wishes, wishes.length);
        StepResult result = wide.sample(samples.normalFloat32(wishes.length * VOCAB, 1), batch);
        results.add(tokens(result, wishes.length));
        results.add(new float[] {result.logprob(wishes.length - 1)});
        SamplingParams[] raw = {SamplingParams.greedy(9), params(1, TokenFilters.NONE, -1)};
        batch = start(narrow, raw, LIMITS.maxNumSeqs());
        results.add(tokens(narrow.sampleFromHead(samples.normal(LIMITS.maxNumSeqs() * HIDDEN, 1),
                samples.normal(FEW_TOKENS * HIDDEN, 0.1), HIDDEN, batch), LIMITS.maxNumSeqs()));
    }

    private static ForwardBatch start(DeviceBackend backend, SamplingParams[] wishes, int numSeqs) {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        for (int slot = 0; slot < numSeqs; slot++) {
            backend.startSequence(slot, wishes[slot % wishes.length], new int[] {1}, 1, 1);
            batch.setBlock(slot, 0, slot);
            batch.sample(batch.addSequence(slot, new int[] {1}, 0, 1, 0, new int[] {slot}));
        }
        return batch;
    }

    private static float[] tokens(StepResult result, int numRows) {
        float[] tokens = new float[numRows];
        for (int row = 0; row < numRows; row++) {
            tokens[row] = result.tokenId(row);
        }
        return tokens;
    }

    @Override
    public void close() {
        narrow.close();
        wide.close();
    }
}
