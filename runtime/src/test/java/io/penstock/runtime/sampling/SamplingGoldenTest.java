package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.testing.Goldens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SamplingGoldenTest {
    private static final JsonNode FILE = Goldens.json("sampling/cases.json");
    private static final int VOCAB = FILE.get("vocab").intValue();
    private static final int[] EOS = ints(FILE.get("eos"));
    private static final float[] LOGITS = Goldens.open("sampling/logits.safetensors").floats("logits");
    private static final Goldens EXPECTED = Goldens.open("sampling/expected.safetensors");
    private static final double TOLERANCE = 1e-6;

    static List<JsonNode> cases() {
        List<JsonNode> cases = new ArrayList<>();
        FILE.get("cases").forEach(cases::add);
        return cases;
    }

    @Test
    void everyCaseIsThere() {
        assertEquals(77, cases().size());
        assertEquals(6, EXPECTED.names().stream().filter(name -> name.startsWith("vllm.")).count() / 2);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void distribution(JsonNode golden) {
        Sampler sampler = new Sampler(VOCAB, VOCAB, EOS);
        SamplingState state = settings(golden).state(VOCAB, ints(golden.get("prompt")), ints(golden.get("output")));
        double[] probs = new double[VOCAB];
        int numKept = sampler.distribution(LOGITS, golden.get("row").intValue() * VOCAB, state, probs);

        assertSame(golden, sampler, probs, numKept);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void paddingIsNeverDrawn(JsonNode golden) {
        int vocabSize = VOCAB + 130;
        int offset = 11;
        float[] logits = new float[offset + vocabSize];
        Arrays.fill(logits, 1e9f);
        System.arraycopy(LOGITS, golden.get("row").intValue() * VOCAB, logits, offset, VOCAB);
        float[] before = logits.clone();
        Sampler sampler = new Sampler(vocabSize, VOCAB, EOS);
        Settings settings = settings(golden).numLogprobs(20);
        SamplingState state = settings.state(vocabSize, ints(golden.get("prompt")), ints(golden.get("output")));
        double[] probs = new double[vocabSize];
        int numKept = sampler.distribution(logits, offset, state, probs);

        assertSame(golden, sampler, probs, numKept);
        StepResult result = new StepResult(1);
        boolean[] kept = expectedKept(golden);
        for (int seed = 0; seed < 20; seed++) {
            settings.seed(seed).start(state, ints(golden.get("prompt")), ints(golden.get("output")));
            sampler.sample(logits, offset, state, result, 0);
            assertTrue(kept[result.tokenId(0)], "sampled " + result.tokenId(0));
            for (int i = 0; i < result.numTopLogprobs(0); i++) {
                assertTrue(result.topTokenId(0, i) < VOCAB);
            }
        }
        assertArrayEquals(before, logits);
    }

    private static void assertSame(JsonNode golden, Sampler sampler, double[] probs, int numKept) {
        String prefix = "vllm." + golden.get("case").intValue();
        float[] expected = golden.get("vllm_order_differs").booleanValue()
                ? EXPECTED.floats(prefix + ".probs")
                : Arrays.copyOfRange(EXPECTED.floats("probs"), from(golden), from(golden) + VOCAB);
        for (int i = 0; i < probs.length; i++) {
            assertEquals(i < VOCAB ? expected[i] : 0, probs[i], TOLERANCE, "token " + i);
        }
        assertEquals(golden.get(golden.has("vllm_kept") ? "vllm_kept" : "kept").intValue(), numKept);
        boolean[] kept = new boolean[VOCAB];
        for (int i = 0; i < numKept; i++) {
            kept[sampler.candidates().tokenId(i)] = true;
        }
        assertArrayEquals(expectedKept(golden), kept);
        int argmax = 0;
        for (int i = 1; i < probs.length; i++) {
            argmax = probs[i] > probs[argmax] ? i : argmax;
        }
        assertEquals(golden.get("argmax").intValue(), argmax);
        assertEquals(1, Arrays.stream(probs).sum(), 1e-12);
    }

    private static boolean[] expectedKept(JsonNode golden) {
        byte[] flags = golden.get("vllm_order_differs").booleanValue()
                ? EXPECTED.bytes("vllm." + golden.get("case").intValue() + ".kept")
                : Arrays.copyOfRange(EXPECTED.bytes("kept"), from(golden), from(golden) + VOCAB);
        boolean[] kept = new boolean[VOCAB];
        for (int i = 0; i < VOCAB; i++) {
            kept[i] = flags[i] != 0;
        }
        return kept;
    }

    private static int from(JsonNode golden) {
        return golden.get("case").intValue() * VOCAB;
    }

    private static Settings settings(JsonNode golden) {
        Map<Integer, Double> bias = new HashMap<>();
        if (golden.has("logit_bias")) {
            golden.get("logit_bias").properties()
                    .forEach(entry -> bias.put(Integer.valueOf(entry.getKey()), entry.getValue().doubleValue()));
        }
        return new Settings()
                .temperature(number(golden, "temperature", 1))
                .filters((int) number(golden, "top_k", 0), number(golden, "top_p", 1), number(golden, "min_p", 0))
                .penalties(number(golden, "repetition_penalty", 1), number(golden, "frequency_penalty", 0),
                        number(golden, "presence_penalty", 0))
                .logitBias(bias)
                .minTokens((int) number(golden, "min_tokens", 0));
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
