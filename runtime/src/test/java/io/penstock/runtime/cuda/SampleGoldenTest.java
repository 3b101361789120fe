package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
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
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.SpecialTokens;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.testing.Goldens;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The golden settings on a device: each draw is the CPU's, and one of the tokens that the reference keeps. */
class SampleGoldenTest {
    private static final JsonNode CASES = Goldens.json("sampling/cases.json").get("cases");
    private static final Goldens EXPECTED = Goldens.open("sampling/expected.safetensors");
    private static final int VALID = Goldens.json("sampling/cases.json").get("vocab").intValue();
    /** So that as many tokens are valid. */
    private static final int VOCAB = 796;
    private static final int HIDDEN = 8;
    private static final int BLOCKS = 2;
    private static final int NUM_SEEDS = 4;

    private static ModelConfig config() {
        ModelConfig base = Samples.config(VOCAB, HIDDEN, 1, 1);
        return new ModelConfig(base.modelType(), base.dimensions(), base.layerTypes(), base.attention(),
                base.feedForward(), base.moe(), new SpecialTokens(0, List.of(773, 770), 2));
    }

    @Test
    void everyCase() {
        assertEquals(VALID, OperationBackend.numValidTokens(VOCAB));
        int numCases = CASES.size();
        assertEquals(77, numCases);
        ModelLimits limits = new ModelLimits(numCases, 128 * numCases, 128, BLOCKS * numCases, 1);
        float[] golden = Goldens.open("sampling/logits.safetensors").floats("logits");
        float[] logits = new float[numCases * VOCAB];
        Arrays.fill(logits, 1e9f);
        for (int i = 0; i < numCases; i++) {
            System.arraycopy(golden, CASES.get(i).get("row").intValue() * VALID, logits, i * VOCAB, VALID);
        }
        EmulatorDevice device = new EmulatorDevice(new EmulatorOptions(1, 1, 1L << 28, true));
        try (OperationBackend twin = new CpuBackend(config(), limits);
                OperationBackend backend = new DeviceBackend(device, config(), limits)) {
            for (int seed = 0; seed < NUM_SEEDS; seed++) {
                ForwardBatch batch = new ForwardBatch(limits);
                for (int i = 0; i < numCases; i++) {
                    add(batch, i, seed, List.of(backend, twin));
                }
                backend.embed(new float[VOCAB * HIDDEN], batch);
                StepResult actual = backend.sample(logits, batch);
                StepResult expected = twin.sample(logits, batch);
                for (int i = 0; i < numCases; i++) {
                    String what = "case " + i + ", seed " + seed;
                    assertEquals(expected.tokenId(i), actual.tokenId(i), what);
                    assertEquals(expected.logprob(i), actual.logprob(i), what);
                    assertTrue(isKept(CASES.get(i), actual.tokenId(i)), what);
                }
            }
        }
    }

    private static void add(ForwardBatch batch, int slot, int seed, List<OperationBackend> backends) {
        JsonNode golden = CASES.get(slot);
        int[] prompt = ints(golden.get("prompt"));
        int[] output = ints(golden.get("output"));
        int numTokens = prompt.length + output.length;
        int[] tokens = Arrays.copyOf(prompt, Math.max(1, numTokens));
        System.arraycopy(output, 0, tokens, prompt.length, output.length);
        for (OperationBackend backend : backends) {
            backend.startSequence(slot, params(golden, seed), tokens, prompt.length, numTokens);
        }
        int[] blocks = {slot * BLOCKS, slot * BLOCKS + 1};
        batch.setBlock(slot, 0, blocks[0]);
        batch.setBlock(slot, 1, blocks[1]);
        batch.sample(batch.addSequence(slot, tokens, 0, tokens.length, 0, blocks));
    }

    private static SamplingParams params(JsonNode golden, int seed) {
        Map<Integer, Double> bias = new HashMap<>();
        if (golden.has("logit_bias")) {
            golden.get("logit_bias").properties()
                    .forEach(entry -> bias.put(Integer.valueOf(entry.getKey()), entry.getValue().doubleValue()));
        }
        return new SamplingParams(number(golden, "temperature", 1),
                new TokenFilters((int) number(golden, "top_k", 0), number(golden, "top_p", 1),
                        number(golden, "min_p", 0)),
                new Penalties(number(golden, "repetition_penalty", 1), number(golden, "frequency_penalty", 0),
                        number(golden, "presence_penalty", 0)),
                new TokenConstraints(bias, Set.of(), List.of()),
                new StopConditions(100, (int) number(golden, "min_tokens", 0), Set.of(), List.of(), false, false),
                seed, 5);
    }

    private static boolean isKept(JsonNode golden, int tokenId) {
        int index = golden.get("case").intValue();
        return golden.get("vllm_order_differs").booleanValue()
                ? EXPECTED.bytes("vllm." + index + ".kept")[tokenId] != 0
                : EXPECTED.bytes("kept")[index * VALID + tokenId] != 0;
    }

    private static double number(JsonNode golden, String key, double neutral) {
        return golden.has(key) ? golden.get(key).doubleValue() : neutral;
    }

    private static int[] ints(JsonNode list) {
        int[] values = new int[list == null ? 0 : list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i).intValue();
        }
        return values;
    }
}
