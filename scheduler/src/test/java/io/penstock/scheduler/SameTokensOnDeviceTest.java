package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.cuda.CudaModel;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.CudaRunner;
import io.penstock.runtime.cuda.GraphMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * On the emulator, too, a request gives bit for bit what it gives alone: there every operation is launched directly,
 * in traffic decode steps are replayed from graphs, and sequences find prefixes and fork. Steps of four sequences and
 * more are two half-batches there, on two streams that are checked against each other.
 */
class SameTokensOnDeviceTest {
    private static final int TEXT_TOKENS = 140;

    private static CudaRunner open(Checkpoint checkpoint, CudaOptions options) {
        EmulatorOptions failing = EmulatorOptions.failing();
        var device = new EmulatorDevice(options.halvedRows() > 0 ? failing.checkingStreams() : failing);
        var model = new CudaModel(device, checkpoint, DemoModel.LIMITS, options, _ -> { });
        return new CudaRunner(model, options, model.config().vocabSize(), DemoModel.EOS_TOKEN_IDS);
    }

    private static SamplingParams params(int maxTokens, double temperature, boolean hasPenalties, int numLogprobs) {
        return new SamplingParams(temperature, temperature == 0 ? TokenFilters.NONE : new TokenFilters(40, 0.95, 0.01),
                hasPenalties ? new Penalties(1.2, 0.3, 0.2) : Penalties.NONE, TokenConstraints.NONE,
                new StopConditions(maxTokens, maxTokens, Set.of(), List.of(), true, false), 11 * maxTokens,
                numLogprobs);
    }

    /** Prompts that begin alike, and end just before their last block is full. */
    private static List<Recipe> recipes() {
        Random random = new Random(5);
        int[] text = random.ints(TEXT_TOKENS, 0, DemoModel.NUM_TEXT_TOKENS).toArray();
        List<Recipe> recipes = new ArrayList<>();
        int[] lengths = {61, 126, 130, 7, 62};
        for (int i = 0; i < lengths.length; i++) {
            int[] prompt = random.ints(lengths[i], 0, DemoModel.NUM_TEXT_TOKENS).toArray();
            System.arraycopy(text, 0, prompt, 0, i == 4 ? 0 : Math.min(lengths[i], 70 * (1 + i % 2)));
            List<SamplingParams> choices = new ArrayList<>();
            for (int choice = 0; choice <= i % 2; choice++) {
                choices.add(params(5 + i + choice, i % 3 == 0 ? 0 : 0.9, i % 2 == 1, i == 2 ? 3 : -1));
            }
            recipes.add(new Recipe(prompt, choices, i == 3 ? 2 : Request.NO_PROMPT_LOGPROBS, 0));
        }
        return recipes;
    }

    @Test
    void inTrafficAsAlone() {
        var limits = new ModelLimits(6, 48, DemoModel.MAX_LEN, 8, 12, 16, DemoModel.masks(1));
        var config = new SchedulerConfig(true, 1, 8, 33, 1, new SchedulerConfig.Watermarks(0, 0));
        var scenario = new Scenario(3, limits, config, true, 0, 0, 7);
        try (Checkpoint checkpoint = DemoModel.checkpoint();
                CudaRunner direct = open(checkpoint, CudaOptions.DEFAULTS.withGraphs(GraphMode.OFF));
                CudaRunner replaying = open(checkpoint, CudaOptions.DEFAULTS.withGraphs(GraphMode.START)
                        .withGraphBatchSizes(1, 3, 4, 8).withHalvedRows(1))) {
            SchedulerStats stats = new Traffic(scenario, recipes(), replaying).run(new References(direct));
            assertTrue(stats.numCachedTokens() > 0 && stats.numForks() > 0,
                    "cached tokens " + stats.numCachedTokens() + ", forks " + stats.numForks());
            assertEquals(4, replaying.numGraphs());
            assertTrue(replaying.numGraphReplays() > 10,
                    "replays " + replaying.numGraphReplays());
            assertTrue(replaying.numHalvedSteps() > 0 && replaying.numHalvedSteps() < replaying.numGraphReplays(),
                    "as halves " + replaying.numHalvedSteps());
            assertEquals(0, direct.numGraphReplays() + direct.numHalvedSteps());
        }
    }

    /** Prompts that fill a block, each of its own, and grow into another that is not there for all. */
    private static List<Recipe> growing() {
        Random random = new Random(8);
        List<Recipe> recipes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int[] prompt = random.ints(60 + i % 2, 0, DemoModel.NUM_TEXT_TOKENS).toArray();
            recipes.add(new Recipe(prompt, List.of(params(8 + i, i % 2 == 0 ? 0 : 0.9, i > 1, -1)),
                    Request.NO_PROMPT_LOGPROBS, 0));
        }
        return recipes;
    }

    @Test
    void asAloneAfterASwap() {
        var limits = new ModelLimits(4, 80, 192, 4, 4, 12, DemoModel.masks(1));
        var config = new SchedulerConfig(false, 1, 8, 64, 1, new SchedulerConfig.Watermarks(0, 0));
        var scenario = new Scenario(2, limits, config, true, 0, 0, 6);
        try (Checkpoint checkpoint = DemoModel.checkpoint();
                CudaRunner direct = open(checkpoint, CudaOptions.DEFAULTS.withGraphs(GraphMode.OFF));
                CudaRunner replaying = open(checkpoint, CudaOptions.DEFAULTS.withGraphs(GraphMode.START)
                        .withGraphBatchSizes(1, 2, 4).withHalvedRows(1))) {
            SchedulerStats stats = new Traffic(scenario, growing(), replaying).run(new References(direct));
            assertTrue(stats.numPreemptionsBySwap() > 0, "no swap; " + stats.numPreemptionsByRecompute()
                    + " recomputed, in " + stats.numSteps() + " steps");
            assertTrue(replaying.numGraphReplays() > 0);
            assertTrue(replaying.numHalvedSteps() > 0);
        }
    }
}
