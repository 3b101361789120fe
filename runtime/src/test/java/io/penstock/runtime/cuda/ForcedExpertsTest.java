package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRouting;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import io.penstock.runtime.testing.LogitDifference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The whole model on the device against float32, with float32's experts forced on it, weighed by the device's own
 * activations: over prompts and greedy tokens of all golden cases, within the limits of the golden data.
 */
class ForcedExpertsTest {
    private static final String NAME = "moe-nested";

    /** Tokens of a step, each of which asks for its logits. */
    private static final int CHUNK = DeviceHarness.LIMITS.maxNumLogits();

    private final ArrayDeque<int[]> experts = new ArrayDeque<>();
    private int numSame;
    private int numForced;

    /** What float32 chooses. */
    private final class Recorder implements Trace {
        @Override
        public void routing(int layer, Routing routing) {
            CpuRouting r = (CpuRouting) routing;
            experts.add(Arrays.copyOf(r.expertIds(), r.numPairs()));
        }
    }

    /** Puts it in the place of the device's choice. */
    private final class Replay implements Trace {
        private final DeviceHarness harness;

        Replay(DeviceHarness harness) {
            this.harness = harness;
        }

        @Override
        public void routing(int layer, Routing routing) {
            int[] ids = experts.remove();
            int numTokens = ids.length / routing.expertsPerToken();
            Choice own = harness.reader.choice(routing, numTokens);
            float[] weights = weights(layer, ids, numTokens, routing.expertsPerToken());
            requireOwnRule(own, ids, weights);
            harness.reader.setChoice(routing, ids, weights);
            harness.workspace.ops().experts().regroup(routing, numTokens);
        }

        /** Weights of the experts by the device's input of the router. */
        private float[] weights(int layer, int[] ids, int numTokens, int perToken) {
            SparseMoe moe = (SparseMoe) harness.weights.weights().layers()[layer].feedForward();
            float[] gate = harness.reader.weight(moe.gate());
            float[] x = harness.reader.bf16(harness.workspace.activations().x());
            int hidden = harness.config.hiddenSize();
            float[] weights = new float[ids.length];
            for (int token = 0; token < numTokens; token++) {
                double sum = 1e-6;
                for (int p = token * perToken; p < (token + 1) * perToken; p++) {
                    double logit = 0;
                    for (int i = 0; i < hidden; i++) {
                        logit += (double) x[token * hidden + i] * gate[ids[p] * hidden + i];
                    }
                    weights[p] = (float) (1 / (1 + Math.exp(-logit)));
                    sum += weights[p];
                }
                for (int p = token * perToken; p < (token + 1) * perToken; p++) {
                    weights[p] /= (float) sum;
                }
            }
            return weights;
        }

        /** Where the device chose the same, its weights are the same too. */
        private void requireOwnRule(Choice own, int[] ids, float[] weights) {
            int perToken = own.expertsPerToken();
            for (int from = 0; from < ids.length; from += perToken) {
                numForced++;
                if (Arrays.equals(own.expertIds(), from, from + perToken, ids, from, from + perToken)) {
                    numSame++;
                    for (int p = from; p < from + perToken; p++) {
                        assertEquals(own.weights()[p], weights[p], 1e-4f * weights[p], "pair " + p);
                    }
                }
            }
        }
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asInt();
        }
        return values;
    }

    /** Prompts, each with all of its greedy tokens but the last. */
    private static List<int[]> texts() {
        List<int[]> texts = new ArrayList<>();
        for (JsonNode c : Goldens.json("models/" + NAME + "/cases.json").get("cases")) {
            int[] prompt = ints(c.get("prompt"));
            int[] greedy = ints(c.get("greedy"));
            int[] text = Arrays.copyOf(prompt, prompt.length + greedy.length - 1);
            System.arraycopy(greedy, 0, text, prompt.length, greedy.length - 1);
            texts.add(text);
        }
        return texts;
    }

    /** Float32's logits of tokens of a sequence, each of which asks for them. */
    private static float[][] exact(CpuModel model, ForwardBatch batch, int[] text, int from, int n) {
        batch.clear();
        int[] blocks = DeviceHarness.blocks(0);
        for (int i = 0; i < blocks.length; i++) {
            batch.setBlock(0, i, blocks[i]);
        }
        int seq = batch.addSequence(0, text, from, n, from, blocks);
        for (int t = 0; t < n; t++) {
            batch.computeLogits(seq, t);
        }
        float[] logits = model.forward(batch);
        int vocab = model.config().vocabSize();
        float[][] rows = new float[n][];
        for (int r = 0; r < n; r++) {
            rows[r] = Arrays.copyOfRange(logits, r * vocab, (r + 1) * vocab);
        }
        return rows;
    }

    @Test
    void wholeModelWithTheReferencesExperts() {
        LogitDifference difference = new LogitDifference();
        var options = new CpuModel.Options(Arithmetic.FLOAT32, CpuKernels.select(), 1, new Recorder());
        try (DeviceHarness harness = new DeviceHarness(NAME);
                Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/" + NAME));
                CpuModel model = new CpuModel(checkpoint, DeviceHarness.LIMITS, options, _ -> { })) {
            ForwardBatch batch = new ForwardBatch(DeviceHarness.LIMITS);
            harness.use(ops -> ops, new Replay(harness));
            for (int[] text : texts()) {
                for (int from = 0; from < text.length; from += CHUNK) {
                    int n = Math.min(CHUNK, text.length - from);
                    float[][] expected = exact(model, batch, text, from, n);
                    harness.add(0, text, from, n, true);
                    float[][] actual = harness.run();
                    for (int r = 0; r < n; r++) {
                        difference.add(expected[r], actual[r]);
                    }
                }
            }
            assertEquals(List.of(), harness.device.faults());
        }
        assertEquals(751, difference.rows());
        assertTrue(numSame > 0.7 * numForced && numSame < numForced, numSame + " of " + numForced);
        assertTrue(difference.mean() <= 0.12 && difference.max() <= 1.2 && difference.klMean() <= 0.01,
                difference.toString());
        assertTrue(difference.max() > 0.1, "bfloat16 must differ from float32: " + difference);
    }
}
