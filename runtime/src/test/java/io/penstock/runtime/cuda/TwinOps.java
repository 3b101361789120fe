package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.kernels.InProjShortConvKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.Ops;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Weight;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The operations of a device, each of which must give what its CPU twin gives for the very same inputs: those that the
 * device has. So an error of one operation is seen there, and not as what it makes of the next ones.
 */
final class TwinOps implements Ops {
    /** Of values that went through sums in another order, so many may be rounded the other way, or are tiny. */
    private static final double MAX_DIFFERENT = 0.02;

    /** One step of bfloat16, and half a step of the tensor's size for what is the difference of large sums. */
    private static final double STEP = 0x1p-7;
    private static final double SMALL = 0x1p-8;

    private final CudaOps ops;
    private final DeviceReader reader;
    private final OperationBackend twin;
    private final ModelConfig config;
    private final ModelLimits limits;
    private final Map<String, Integer> compared = new TreeMap<>();

    TwinOps(CudaOps ops, DeviceReader reader, OperationBackend twin, ModelConfig config, ModelLimits limits) {
        this.limits = limits;
        this.ops = ops;
        this.reader = reader;
        this.twin = twin;
        this.config = config;
    }

    /** How often each operation was compared. */
    Map<String, Integer> compared() {
        return compared;
    }

    private void compare(String operation, float[] expected, float[] actual) {
        double squares = 0;
        for (float value : expected) {
            squares += (double) value * value;
        }
        double size = Math.sqrt(squares / Math.max(1, expected.length));
        int numDifferent = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            numDifferent += difference > 0 ? 1 : 0;
            int at = i;
            assertTrue(difference <= STEP * Math.abs(expected[i]) + SMALL * size, () -> operation + " value " + at
                    + ": the twin has " + expected[at] + ", was " + actual[at] + " where values are of size " + size);
        }
        int different = numDifferent;
        assertTrue(different <= 2 + MAX_DIFFERENT * expected.length, () -> operation + ": " + different + " of "
                + expected.length + " values are not the twin's");
        compared.merge(operation, 1, Integer::sum);
    }

    @Override
    public void beginStep(ForwardBatch batch) {
        ops.beginStep(batch);
    }

    @Override
    public void embed(Tensor out, Weight embedTokens, ForwardBatch batch) {
        ops.embed(out, embedTokens, batch);
        for (int s = 0; s < batch.numSeqs(); s++) {
            twin.setLastSampled(batch.convSlot(s), reader.lastSampled(batch.convSlot(s)));
        }
        compare("embed", twin.embed(reader.weight(embedTokens), batch), reader.bf16(out));
    }

    @Override
    public void rmsNorm(Tensor out, Tensor x, Weight weight) {
        float[] input = reader.bf16(x);
        ops.rmsNorm(out, x, weight);
        compare("rmsNorm", twin.rmsNorm(input, reader.weight(weight), false), reader.bf16(out));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor out, Tensor update, Weight weight) {
        float[] sum = reader.bf16(residual);
        float[] addend = reader.bf16(update);
        ops.addRmsNorm(residual, out, update, weight);
        float[][] expected = twin.addRmsNorm(sum, addend, reader.weight(weight));
        compare("addRmsNorm residual", expected[0], reader.bf16(residual));
        compare("addRmsNorm", expected[1], reader.bf16(out));
    }

    @Override
    public void linear(Tensor out, Tensor x, Weight weight) {
        ops.linear(out, x, weight);
        // A buffer that serves attention and convolutions is as wide as the wider of them needs.
        float[] input = Arrays.copyOf(reader.bf16(x), x.rows() * weight.columns());
        compare("linear", twin.linear(input, reader.weight(weight), weight.columns()), reader.bf16(out));
    }

    @Override
    public void linearSiluAndMul(Tensor out, Tensor x, Weight gateUp) {
        ops.linearSiluAndMul(out, x, gateUp);
        float[][] parts = parts(reader.weight(gateUp), gateUp.columns());
        compare("linearSiluAndMul", twin.linearSiluAndMul(reader.bf16(x), parts[0], parts[1], gateUp.columns()),
                reader.bf16(out));
    }

    /** Gate and up of rows that hold eight of each in turn. */
    private static float[][] parts(float[] gateUp, int columns) {
        float[][] parts = new float[2][gateUp.length / 2];
        int group = 8 * columns;
        for (int i = 0; i < gateUp.length / group; i++) {
            System.arraycopy(gateUp, i * group, parts[i % 2], i / 2 * group, group);
        }
        return parts;
    }

    /** The rows of B, then of C, then of x. */
    private static float[] oneBehindTheOther(float[] inTurn, int hidden) {
        float[] matrix = new float[inTurn.length];
        for (int row = 0; row < 3 * hidden; row++) {
            int place = InProjShortConvKernel.row(row / hidden, row % hidden);
            System.arraycopy(inTurn, place * hidden, matrix, row * hidden, hidden);
        }
        return matrix;
    }

    @Override
    public void inProjShortConv(
            Tensor out, Tensor bcx, Tensor x, Weight inProj, Weight conv, int convLayer, ForwardBatch batch) {
        for (int s = 0; s < batch.numSeqs(); s++) {
            twin.setConvState(convLayer, batch.convSlot(s), reader.convState(convLayer, batch.convSlot(s)));
            if (batch.initialSnapshot(s) >= 0) {
                twin.setSnapshot(
                        convLayer, batch.initialSnapshot(s), reader.snapshot(convLayer, batch.initialSnapshot(s)));
            }
        }
        ops.inProjShortConv(out, bcx, x, inProj, conv, convLayer, batch);
        float[] matrix = oneBehindTheOther(reader.weight(inProj), inProj.columns());
        compare("inProjShortConv",
                twin.inProjShortConv(reader.bf16(x), matrix, reader.weight(conv), convLayer, batch),
                reader.bf16(out));
        for (int s = 0; s < batch.numSeqs(); s++) {
            compare("inProjShortConv state", twin.convState(convLayer, batch.convSlot(s)),
                    reader.convState(convLayer, batch.convSlot(s)));
        }
        for (int p = 0; p < batch.numSnapshots(); p++) {
            compare("inProjShortConv snapshot", twin.snapshot(convLayer, batch.snapshotSlot(p)),
                    reader.snapshot(convLayer, batch.snapshotSlot(p)));
        }
    }

    @Override
    public void qkNormRopeStore(Tensor qkv, Weight qNorm, Weight kNorm, int attentionLayer, ForwardBatch batch) {
        float[] heads = reader.bf16(qkv);
        ops.qkNormRopeStore(qkv, qNorm, kNorm, attentionLayer, batch);
        float[] expected = twin.qkNormRopeStore(
                heads, reader.weight(qNorm), reader.weight(kNorm), attentionLayer, batch);
        compare("qkNormRopeStore q", expected, queries(reader.bf16(qkv), batch.numTokens()));
        for (int t = 0; t < batch.numTokens(); t++) {
            for (int h = 0; h < config.attention().numKvHeads(); h++) {
                compare("qkNormRopeStore kv", twin.keyValue(attentionLayer, batch.slot(t), h),
                        reader.keyValue(attentionLayer, batch.slot(t), h));
            }
        }
    }

    private float[] queries(float[] qkv, int numTokens) {
        int columns = qkv.length / numTokens;
        int width = config.attention().queryWidth();
        float[] queries = new float[numTokens * width];
        for (int t = 0; t < numTokens; t++) {
            System.arraycopy(qkv, t * columns, queries, t * width, width);
        }
        return queries;
    }

    @Override
    public void attention(Tensor out, Tensor qkv, int attentionLayer, ForwardBatch batch) {
        ForwardBatch same = new ForwardBatch(limits);
        for (int s = 0; s < batch.numSeqs(); s++) {
            int[] blocks = new int[ModelLimits.blocksFor(batch.seqLenK(s))];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = reader.block(batch.convSlot(s), i);
                same.setBlock(batch.convSlot(s), i, blocks[i]);
                twin.setBlock(attentionLayer, blocks[i], reader.keysValues(attentionLayer, blocks[i]));
            }
            int numTokens = batch.firstToken(s + 1) - batch.firstToken(s);
            same.addSequence(batch.convSlot(s), new int[numTokens], 0, numTokens, batch.seqLenK(s) - numTokens, blocks);
        }
        ops.attention(out, qkv, attentionLayer, batch);
        compare("attention", twin.attention(reader.bf16(qkv), attentionLayer, same), reader.bf16(out));
    }

    @Override
    public void addRmsNormRouteTopK(
            Routing routing, Tensor residual, Tensor out, Tensor update, Weight weight, SparseMoe moe) {
        float[] sum = reader.bf16(residual);
        float[] addend = reader.bf16(update);
        ops.addRmsNormRouteTopK(routing, residual, out, update, weight, moe);
        float[][] norm = twin.addRmsNorm(sum, addend, reader.weight(weight));
        compare("addRmsNormRouteTopK residual", norm[0], reader.bf16(residual));
        compare("addRmsNormRouteTopK", norm[1], reader.bf16(out));
        var router = new OperationBackend.Router(reader.weight(moe.gate()),
                moe.expertBias() == null ? null : reader.weight(moe.expertBias()), moe.rule());
        requireChoice(reader.choice(routing, residual.rows()), reader.bf16(out), router);
    }

    /**
     * The choice by scores of the device's own norm: where the twin takes other experts, their scores are as good; the
     * weights are those of the experts that were taken.
     */
    private void requireChoice(OperationBackend.Choice choice, float[] x, OperationBackend.Router router) {
        int n = router.rule().numExperts();
        int k = router.rule().expertsPerToken();
        float[] logits = twin.logits(x, router.gate(), router.gate().length / n);
        float[] weights = new float[choice.weights().length];
        for (int t = 0; t < choice.numTokens(); t++) {
            float[] scores = new float[n];
            for (int e = 0; e < n; e++) {
                scores[e] = (float) (1 / (1 + Math.exp(-logits[t * n + e])));
            }
            float[] selection = scores.clone();
            for (int e = 0; e < n && router.bias() != null; e++) {
                selection[e] += router.bias()[e];
            }
            float[] sorted = selection.clone();
            Arrays.sort(sorted);
            float sum = 0;
            for (int slot = 0; slot < k; slot++) {
                int expert = choice.expertIds()[t * k + slot];
                int token = t;
                assertTrue(selection[expert] >= sorted[n - k] - 1e-5, () -> "token " + token + " takes expert " + expert
                        + " with " + selection[expert] + ", the last of the best has " + sorted[n - k]);
                sum += scores[expert];
            }
            for (int slot = 0; slot < k; slot++) {
                float score = scores[choice.expertIds()[t * k + slot]];
                weights[t * k + slot] = (router.rule().normTopkProb() ? score / (sum + 1e-6f) : score)
                        * (float) router.rule().routedScalingFactor();
            }
        }
        for (int i = 0; i < weights.length; i++) {
            int at = i;
            assertTrue(Math.abs(weights[i] - choice.weights()[i]) <= 1e-4f * weights[i], () -> "routing weight " + at
                    + ": expected " + weights[at] + ", was " + choice.weights()[at]);
        }
        compared.merge("addRmsNormRouteTopK choice", 1, Integer::sum);
    }

    private static float[][] experts(float[] all, int numExperts) {
        float[][] experts = new float[numExperts][];
        int size = all.length / numExperts;
        for (int e = 0; e < numExperts; e++) {
            experts[e] = Arrays.copyOfRange(all, e * size, (e + 1) * size);
        }
        return experts;
    }

    @Override
    public void groupedLinearSiluAndMul(Tensor out, Tensor x, Weight gateUp, Routing routing) {
        ops.groupedLinearSiluAndMul(out, x, gateUp, routing);
        int n = config.moe().numExperts();
        float[][] gates = new float[n][];
        float[][] ups = new float[n][];
        float[][] both = experts(reader.weight(gateUp), n);
        for (int e = 0; e < n; e++) {
            float[][] parts = parts(both[e], gateUp.columns());
            gates[e] = parts[0];
            ups[e] = parts[1];
        }
        compare("groupedLinearSiluAndMul", twin.groupedLinearSiluAndMul(
                reader.bf16(x), gates, ups, gateUp.columns(), reader.choice(routing, x.rows())), reader.bf16(out));
    }

    @Override
    public void groupedLinear(Tensor out, Tensor x, Weight down, Routing routing) {
        ops.groupedLinear(out, x, down, routing);
        float[][] downs = experts(reader.weight(down), config.moe().numExperts());
        compare("groupedLinear", twin.groupedLinear(reader.bf16(x), downs, down.columns(),
                reader.choice(routing, x.rows() / routing.expertsPerToken())), reader.bf16(out));
    }

    @Override
    public void combineAddRmsNorm(Tensor residual, Tensor out, Tensor expertOut, Routing routing, Weight weight) {
        float[] sum = reader.bf16(residual);
        ops.combineAddRmsNorm(residual, out, expertOut, routing, weight);
        float[][] expected = twin.combineAddRmsNorm(
                sum, reader.bf16(expertOut), routing.expertsPerToken(), reader.weight(weight));
        compare("combineAddRmsNorm residual", expected[0], reader.bf16(residual));
        compare("combineAddRmsNorm", expected[1], reader.bf16(out));
    }

    @Override
    public void gatherLast(Tensor out, Tensor x, ForwardBatch batch) {
        ops.gatherLast(out, x, batch);
        compare("gatherLast", twin.gatherLast(reader.bf16(x), batch), reader.bf16(out));
    }

    @Override
    public void logits(Tensor out, Tensor x, Weight embedTokens) {
        ops.logits(out, x, embedTokens);
        float[] expected = twin.logits(reader.bf16(x), reader.weight(embedTokens), embedTokens.columns());
        float[] actual = reader.float32(out);
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
        }
        double worst = largest;
        assertTrue(worst <= 2e-4, () -> "logits are off by " + worst);
        compared.merge("logits", 1, Integer::sum);
    }
}
