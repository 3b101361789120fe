package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.model.FeedForward.RouterRule;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import io.penstock.runtime.testing.LogitDifference;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The bfloat16 arithmetic in three steps, with the limits that the reference's own bfloat16 error suggests. */
class GoldenBfloat16Test {
    private static final String NAME = "moe-nested";
    private static final RouterRule RULE = new RouterRule(32, 4, true, 1.0);

    /** Feeds every operation the golden float32 tensor rounded to bfloat16, and looks at what it makes of it. */
    private static final class OneAtATime implements Trace {
        final Goldens golden = Goldens.open("models/" + NAME + "/expected.safetensors");
        int compared;

        private void compare(String name, Tensor tensor) {
            compare(name, ((CpuTensor) tensor).values());
        }

        /** Compares, and puts the golden values in their place. */
        private void compare(String name, float[] values) {
            float[] expected = golden.floats("len17." + name);
            double difference = 0;
            double size = 0;
            for (int i = 0; i < expected.length; i++) {
                difference += Math.pow(values[i] - expected[i], 2);
                size += Math.pow(expected[i], 2);
                values[i] = Arithmetic.bf16(expected[i]);
            }
            double relative = Math.sqrt(difference / size);
            assertTrue(relative <= 0.015, name + " is off by " + 100 * relative + " % relative RMS");
            compared++;
        }

        @Override
        public void operator(int layer, Tensor update) {
            compare("layer" + layer + ".operator", update);
        }

        @Override
        public void routing(int layer, Routing routing) {
            force((CpuRouting) routing, golden.ints("len17.layer" + layer + ".expert_ids"));
        }

        @Override
        public void feedForward(int layer, Tensor update) {
            compare("layer" + layer + ".ffn", update);
        }

        @Override
        public void expertOutputs(int layer, Tensor expertOut) {
            float[] values = ((CpuTensor) expertOut).values();
            int n = expertOut.columns();
            float[] sums = GoldenModelTest.sumOverSlots(expertOut, RULE.expertsPerToken());
            for (int i = 0; i < sums.length; i++) {
                sums[i] = Arithmetic.bf16(sums[i]);
            }
            compare("layer" + layer + ".ffn", sums);
            for (int pair = 0; pair < expertOut.rows(); pair++) {
                int slot = pair % RULE.expertsPerToken();
                int token = pair / RULE.expertsPerToken();
                Arrays.fill(values, pair * n, (pair + 1) * n, 0);
                if (slot == 0) {
                    System.arraycopy(sums, token * n, values, pair * n, n);
                }
            }
        }

        /** The norm behind it has read it already: golden values in its place would change one of the two only. */
        @Override
        public void hidden(int layer, Tensor residual) {
            float[] values = ((CpuTensor) residual).values();
            compare("layer" + layer + ".hidden", Arrays.copyOf(values, residual.rows() * residual.columns()));
        }

        @Override
        public void finalNorm(Tensor hidden) {
            compare("final_norm", hidden);
        }
    }

    private static void force(CpuRouting routing, int[] ids) {
        System.arraycopy(ids, 0, routing.expertIds(), 0, ids.length);
        int numTokens = ids.length / RULE.expertsPerToken();
        for (int t = 0; t < numTokens; t++) {
            TopKRouter.weigh(routing.scores().values(), t * RULE.numExperts(), RULE, routing.expertIds(),
                    routing.weights(), t * RULE.expertsPerToken());
        }
        routing.group(numTokens);
    }

    @Test
    void eachOperationAlone() {
        OneAtATime trace = new OneAtATime();
        int[] prompt = GoldenModelTest.promptOf(Goldens.json("models/" + NAME + "/cases.json"), 17);
        try (ModelHarness harness = new ModelHarness(NAME, Arithmetic.BFLOAT16, CpuKernels.vector(), 2, trace)) {
            harness.begin();
            harness.add(0, prompt, 0, prompt.length, true);
            harness.run();
        }
        assertEquals(3 * 5 + 1, trace.compared);
    }

    private static LogitDifference difference(boolean forceExperts) {
        ArrayDeque<int[]> experts = new ArrayDeque<>();
        Trace record = new Trace() {
            @Override
            public void routing(int layer, Routing routing) {
                CpuRouting r = (CpuRouting) routing;
                experts.add(Arrays.copyOf(r.expertIds(), r.numPairs()));
            }
        };
        Trace replay = new Trace() {
            @Override
            public void routing(int layer, Routing routing) {
                force((CpuRouting) routing, experts.remove());
            }
        };
        LogitDifference difference = new LogitDifference();
        try (ModelHarness exact = new ModelHarness(NAME, Arithmetic.FLOAT32, CpuKernels.vector(), 2, record);
                ModelHarness rounded = new ModelHarness(
                        NAME, Arithmetic.BFLOAT16, CpuKernels.vector(), 2, forceExperts ? replay : Trace.NONE)) {
            for (JsonNode c : Goldens.json("models/" + NAME + "/cases.json").get("cases")) {
                int[] prompt = GoldenModelTest.ids(c.get("prompt"));
                int[] greedy = GoldenModelTest.ids(c.get("greedy"));
                int[] tokens = Arrays.copyOf(prompt, prompt.length + greedy.length - 1);
                System.arraycopy(greedy, 0, tokens, prompt.length, greedy.length - 1);
                for (int from = 0; from < tokens.length; from += 64) {
                    int n = Math.min(64, tokens.length - from);
                    exact.begin();
                    exact.add(0, tokens, from, n, true);
                    float[][] expected = exact.run();
                    rounded.begin();
                    rounded.add(0, tokens, from, n, true);
                    float[][] actual = rounded.run();
                    for (int r = 0; r < n; r++) {
                        difference.add(expected[r], actual[r]);
                    }
                }
            }
        }
        assertEquals(751, difference.rows());
        return difference;
    }

    @Test
    void wholeModelWithTheReferencesExperts() {
        LogitDifference d = difference(true);
        assertTrue(d.mean() <= 0.12 && d.max() <= 1.2 && d.klMean() <= 0.01, d.toString());
    }

    @Test
    void wholeModelFree() {
        LogitDifference d = difference(false);
        assertTrue(d.top1Percent() >= 75 && d.klMean() <= 0.09, d.toString());
        assertTrue(d.max() > 0.1, "bfloat16 must differ from float32: " + d);
    }
}
