package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The float32 forward pass against the reference's, tensor by tensor; names the first tensor that diverges. */
class GoldenModelTest {
    private static final float INSIDE = 2e-4f;
    private static final float LOGITS = 5e-4f;

    /** Copies every tensor of one forward pass under its golden name, in the order of computation. */
    private static final class Recording implements Trace {
        final Map<String, float[]> tensors = new LinkedHashMap<>();
        final Map<String, int[]> experts = new LinkedHashMap<>();

        private void keep(String name, Tensor tensor) {
            tensors.put(name, Arrays.copyOf(((CpuTensor) tensor).values(), tensor.rows() * tensor.columns()));
        }

        @Override
        public void embedding(Tensor hidden) {
            keep("embedding", hidden);
        }

        @Override
        public void operator(int layer, Tensor update) {
            keep("layer" + layer + ".operator", update);
        }

        @Override
        public void routing(int layer, Routing routing) {
            CpuRouting r = (CpuRouting) routing;
            experts.put("layer" + layer + ".expert_ids", Arrays.copyOf(r.expertIds(), r.numPairs()));
            tensors.put("layer" + layer + ".expert_weights", Arrays.copyOf(r.weights(), r.numPairs()));
            tensors.put("layer" + layer + ".router_logits", logits(r.scores()));
        }

        /** Router logits, from the scores that took their place. */
        private static float[] logits(CpuTensor scores) {
            float[] logits = new float[scores.rows() * scores.columns()];
            for (int i = 0; i < logits.length; i++) {
                double score = scores.values()[i];
                logits[i] = (float) Math.log(score / (1 - score));
            }
            return logits;
        }

        @Override
        public void feedForward(int layer, Tensor update) {
            keep("layer" + layer + ".ffn", update);
        }

        @Override
        public void expertOutputs(int layer, Tensor expertOut) {
            int numTokens = tensors.get("embedding").length / expertOut.columns();
            tensors.put("layer" + layer + ".ffn", sumOverSlots(expertOut, expertOut.rows() / numTokens));
        }

        @Override
        public void hidden(int layer, Tensor residual) {
            keep("layer" + layer + ".hidden", residual);
        }

        @Override
        public void finalNorm(Tensor hidden) {
            keep("final_norm", hidden);
        }
    }

    /** What a layer's experts add together; {@code expertOut} [tokens expertsPerToken, hidden]. */
    static float[] sumOverSlots(Tensor expertOut, int expertsPerToken) {
        float[] values = ((CpuTensor) expertOut).values();
        int n = expertOut.columns();
        float[] sums = new float[expertOut.rows() / expertsPerToken * n];
        for (int i = 0; i < sums.length; i++) {
            int first = i / n * expertsPerToken * n + i % n;
            for (int slot = 0; slot < expertsPerToken; slot++) {
                sums[i] += values[first + slot * n];
            }
        }
        return sums;
    }

    static int[] ids(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).intValue();
        }
        return ids;
    }

    static int[] promptOf(JsonNode cases, int length) {
        for (JsonNode c : cases.get("cases")) {
            if (c.get("length").intValue() == length) {
                return ids(c.get("prompt"));
            }
        }
        return fail("no case of length " + length);
    }

    static void assertClose(String name, float[] expected, float[] actual, float limit) {
        assertEquals(expected.length, actual.length, name);
        float worst = 0;
        int at = 0;
        for (int i = 0; i < expected.length; i++) {
            float difference = Math.abs(expected[i] - actual[i]);
            if (!(difference <= worst)) {
                worst = difference;
                at = i;
            }
        }
        assertTrue(worst <= limit, name + "[" + at + "]: expected " + expected[at] + ", was " + actual[at]
                + ", difference " + worst + " above " + limit);
    }

    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "moe-legacy", "dense-adjusted"})
    void everyTensorInsideAPass(String name) {
        Recording seen = new Recording();
        Goldens golden = Goldens.open("models/" + name + "/expected.safetensors");
        int[] prompt = promptOf(Goldens.json("models/" + name + "/cases.json"), 17);
        try (ModelHarness harness = new ModelHarness(name, Arithmetic.FLOAT32, CpuKernels.vector(), 2, seen)) {
            harness.begin();
            harness.add(3, prompt, 0, prompt.length, true);
            float[][] logits = harness.run();
            int compared = 0;
            for (var tensor : seen.tensors.entrySet()) {
                assertClose(name + " " + tensor.getKey(), golden.floats("len17." + tensor.getKey()),
                        tensor.getValue(), INSIDE);
                compared++;
            }
            for (var ids : seen.experts.entrySet()) {
                assertArrayEquals(golden.ints("len17." + ids.getKey()), ids.getValue(), name + " " + ids.getKey());
                compared++;
            }
            assertClose(name + " logits", golden.floats("len17.logits"), flat(logits), LOGITS);
            compared += 1 + keysAndStates(golden, harness, prompt.length);
            long recorded = golden.names().stream().filter(n -> n.startsWith("len17.")).count();
            assertEquals(recorded, compared, "golden tensors of length 17 that were compared");
        }
    }

    private static int keysAndStates(Goldens golden, ModelHarness harness, int length) {
        int compared = 0;
        int conv = 0;
        int attention = 0;
        for (int l = 0; l < harness.model.config().numLayers(); l++) {
            if (!harness.model.config().isAttention(l)) {
                assertClose("layer" + l + ".conv_state", golden.floats("len17.layer" + l + ".conv_state"),
                        harness.model.convState(conv++, 3), INSIDE);
                compared++;
                continue;
            }
            int heads = harness.model.config().attention().numKvHeads();
            float[] keys = new float[length * heads * 64];
            float[] values = new float[keys.length];
            for (int t = 0; t < length; t++) {
                for (int h = 0; h < heads; h++) {
                    float[] kv = harness.model.keyValue(attention, harness.begin().slot(t), h);
                    System.arraycopy(kv, 0, keys, (t * heads + h) * 64, 64);
                    System.arraycopy(kv, 64, values, (t * heads + h) * 64, 64);
                }
            }
            attention++;
            assertClose("layer" + l + ".keys", golden.floats("len17.layer" + l + ".keys"), keys, INSIDE);
            assertClose("layer" + l + ".values", golden.floats("len17.layer" + l + ".values"), values, INSIDE);
            compared += 2;
        }
        return compared;
    }

    private static float[] flat(float[][] rows) {
        float[] all = new float[rows.length * rows[0].length];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, all, r * rows[0].length, rows[0].length);
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "moe-legacy", "dense-adjusted"})
    void logitsAndGreedyTokensOfEveryCase(String name) {
        Goldens golden = Goldens.open("models/" + name + "/expected.safetensors");
        JsonNode cases = Goldens.json("models/" + name + "/cases.json");
        float[] lastLogits = golden.floats("last_logits");
        try (ModelHarness harness = ModelHarness.float32(name)) {
            int vocab = harness.model.config().vocabSize();
            int index = 0;
            for (JsonNode c : cases.get("cases")) {
                int[] prompt = ids(c.get("prompt"));
                int[] greedy = ids(c.get("greedy"));
                String label = name + " length " + prompt.length;
                List<float[]> rows = new ArrayList<>();
                rows.add(harness.prefill(5, prompt, prompt.length));
                assertClose(label + " last logits",
                        Arrays.copyOfRange(lastLogits, index * vocab, (index + 1) * vocab), rows.get(0), LOGITS);
                statesAfterPrefill(golden, harness, prompt.length);
                int[] all = Arrays.copyOf(prompt, prompt.length + greedy.length - 1);
                System.arraycopy(greedy, 0, all, prompt.length, greedy.length - 1);
                rows.addAll(Arrays.asList(harness.decode(5, all, prompt.length)));
                for (int i = 0; i < greedy.length; i++) {
                    assertEquals(greedy[i], ModelHarness.argmax(rows.get(i)), label + " greedy token " + i);
                }
                String decodeName = "len" + prompt.length + ".decode_logits";
                if (golden.contains(decodeName)) {
                    assertClose(decodeName, golden.floats(decodeName), flat(rows.toArray(float[][]::new)), LOGITS);
                }
                index++;
            }
        }
    }

    private static void statesAfterPrefill(Goldens golden, ModelHarness harness, int length) {
        int conv = 0;
        for (int l = 0; l < harness.model.config().numLayers(); l++) {
            if (harness.model.config().isAttention(l)) {
                continue;
            }
            String name = "len" + length + ".layer" + l + ".conv_state";
            if (golden.contains(name)) {
                assertClose(name, golden.floats(name), harness.model.convState(conv, 5), INSIDE);
            }
            conv++;
        }
    }
}
