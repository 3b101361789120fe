package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.kernels.InProjShortConvKernel;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.checkpoint.DType;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.checkpoint.FloatTensor;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.model.FeedForward;
import io.penstock.runtime.model.Layer;
import io.penstock.runtime.model.LayerOperator;
import io.penstock.runtime.model.ModelWeights;
import io.penstock.runtime.model.Weight;
import io.penstock.runtime.testing.Goldens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every weight of a checkpoint lies on the device where and as the kernels expect it. */
class DeviceWeightsTest {
    private EmulatorDevice device = new EmulatorDevice(EmulatorOptions.failing());
    private Stream stream = device.createStream("weights");

    private float[] read(DeviceWeights weights, Weight weight) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            return weights.read(buffers, (DeviceWeight) weight);
        }
    }

    private static float[] rows(TensorData... tensors) {
        List<float[]> parts = new ArrayList<>();
        for (TensorData tensor : tensors) {
            parts.add(tensor.toFloats());
        }
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static void requireSame(String name, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length, name);
        int at = Arrays.mismatch(expected, actual);
        assertEquals(-1, at, () -> name + "[" + at + "]: expected " + expected[at] + ", was " + actual[at]);
    }

    private static void requireGateUp(String name, TensorData gate, TensorData up, float[] actual, int from) {
        int columns = (int) gate.shape()[1];
        for (int row = 0; row < gate.shape()[0]; row++) {
            float[] expected = new float[columns];
            for (int half = 0; half < 2; half++) {
                int place = from + (row / 8 * 16 + half * 8 + row % 8) * columns;
                (half == 0 ? gate : up).readFloats((long) row * columns, expected, 0, columns);
                requireSame(name + " row " + row + (half == 0 ? " of gate" : " of up"), expected,
                        Arrays.copyOfRange(actual, place, place + columns));
            }
        }
    }

    private static void requireInProj(String name, float[] matrix, float[] actual) {
        int hidden = (int) Math.sqrt(matrix.length / 3);
        assertEquals(matrix.length, actual.length, name);
        for (int row = 0; row < 3 * hidden; row++) {
            int place = InProjShortConvKernel.row(row / hidden, row % hidden) * hidden;
            requireSame(name + " row " + row, Arrays.copyOfRange(matrix, row * hidden, (row + 1) * hidden),
                    Arrays.copyOfRange(actual, place, place + hidden));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "moe-legacy", "dense-adjusted"})
    void everyWeightIsInItsPlace(String name) {
        requireWeights(name);
    }

    /** Where weights are images of tiles. */
    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "dense-adjusted"})
    void everyWeightIsInItsPlaceOnHopper(String name) {
        device.close();
        device = new EmulatorDevice(EmulatorOptions.failing().on(90));
        stream = device.createStream("weights");
        requireWeights(name);
    }

    private void requireWeights(String name) {
        List<Integer> told = new ArrayList<>();
        try (ModelTensors tensors = Checkpoint.open(Goldens.path("models/" + name));
                DeviceWeights loaded = new DeviceWeights(device, stream, tensors, told::add)) {
            ModelWeights weights = loaded.weights();
            int vocab = tensors.config().vocabSize();
            float[] embedTokens = Arrays.copyOf(
                    rows(tensors.embedTokens()), (vocab + 7) / 8 * 8 * tensors.config().hiddenSize());
            requireSame("embed_tokens", embedTokens, read(loaded, weights.embedTokens()));
            requireSame("embedding_norm", rows(tensors.embeddingNorm()), read(loaded, weights.embeddingNorm()));
            for (int l = 0; l < weights.layers().length; l++) {
                requireLayer(loaded, tensors, l, weights.layers()[l]);
            }
            assertEquals(tensors.config().numLayers(), told.getLast());
        }
        assertEquals(List.of(), device.faults());
    }

    private void requireLayer(DeviceWeights loaded, ModelTensors tensors, int l, Layer layer) {
        String name = "layer " + l + " ";
        requireSame(name + "operator_norm", rows(tensors.operatorNorm(l)), read(loaded, layer.operatorNorm()));
        requireSame(name + "ffn_norm", rows(tensors.ffnNorm(l)), read(loaded, layer.ffnNorm()));
        switch (layer.operator()) {
            case LayerOperator.ShortConv conv -> {
                requireInProj(name + "in_proj", rows(tensors.convInProj(l)), read(loaded, conv.inProj()));
                requireSame(name + "out_proj", rows(tensors.convOutProj(l)), read(loaded, conv.outProj()));
                float[] byChannel = rows(tensors.convWeight(l));
                float[] byTap = read(loaded, conv.conv());
                int hidden = conv.conv().columns();
                for (int i = 0; i < byTap.length; i++) {
                    assertEquals(byChannel[i % hidden * 3 + i / hidden], byTap[i], name + "conv " + i);
                }
            }
            case LayerOperator.Attention attention -> {
                requireSame(name + "qkv", rows(tensors.qProj(l), tensors.kProj(l), tensors.vProj(l)),
                        read(loaded, attention.qkvProj()));
                requireSame(name + "q_layernorm", rows(tensors.qLayernorm(l)), read(loaded, attention.qNorm()));
                requireSame(name + "k_layernorm", rows(tensors.kLayernorm(l)), read(loaded, attention.kNorm()));
                requireSame(name + "out_proj", rows(tensors.attentionOutProj(l)), read(loaded, attention.outProj()));
            }
        }
        switch (layer.feedForward()) {
            case FeedForward.Dense dense -> {
                requireGateUp(name, tensors.w1(l), tensors.w3(l), read(loaded, dense.gateUp()), 0);
                requireSame(name + "w2", rows(tensors.w2(l)), read(loaded, dense.down()));
            }
            case FeedForward.SparseMoe moe -> {
                int numExperts = moe.rule().numExperts();
                float[] gateUp = read(loaded, moe.gateUp());
                float[] down = read(loaded, moe.down());
                for (int e = 0; e < numExperts; e++) {
                    int from = e * (gateUp.length / numExperts);
                    requireGateUp(name + "expert " + e, tensors.expertW1(l, e), tensors.expertW3(l, e), gateUp, from);
                    int length = down.length / numExperts;
                    requireSame(name + "expert " + e + " w2", rows(tensors.expertW2(l, e)),
                            Arrays.copyOfRange(down, e * length, (e + 1) * length));
                }
                requireSame(name + "gate", rows(tensors.gate(l)), read(loaded, moe.gate()));
                if (moe.expertBias() != null) {
                    requireSame(name + "expert_bias", rows(tensors.expertBias(l)), read(loaded, moe.expertBias()));
                }
            }
        }
    }

    /** Larger than a chunk, so that parts are cut at rows and several chunks are on their way. */
    @Test
    void largeWeightsGoInChunks() {
        ModelConfig config = ModelShapes.named("lfm2-350m");
        TensorData embedding = new DummyCheckpoint(config, 3).embedTokens();
        TensorData half = new FloatTensor("half", DType.F16, new float[] {0.5f, -2}, 1, 2);
        WeightLayout measured = new WeightLayout(0, WeightFormat.ROW_MAJOR);
        measured.matrix(embedding);
        measured.matrix(half);
        try (var arena = device.allocate("weights", measured.sizeBytes());
                WeightUpload upload = new WeightUpload(device, stream, measured.parts());
                DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            List<Double> told = new ArrayList<>();
            upload.run(arena, told::add);
            assertTrue(told.size() > 8, told.toString());
            requireSame("embed_tokens", embedding.toFloats(),
                    buffers.readBf16(arena, 0, (int) embedding.numElements()));
            requireSame("half", half.toFloats(),
                    buffers.readBf16(arena, measured.parts().get(1).offsetBytes(), 2));
        }
    }

    @Test
    void aReaderThatFailsEndsTheLoading() {
        WeightLayout layout = new WeightLayout(0, WeightFormat.ROW_MAJOR);
        layout.vector(new FloatTensor("sound", DType.BF16, new float[8], 8));
        layout.matrix(new Unreadable(new FloatTensor("broken", DType.BF16, new float[8], 2, 4)));
        try (var arena = device.allocate("weights", layout.sizeBytes());
                WeightUpload upload = new WeightUpload(device, stream, layout.parts())) {
            Exception e = assertThrows(IllegalStateException.class, () -> upload.run(arena, _ -> { }));
            assertEquals("no such page", e.getCause().getMessage());
        }
    }

    /** A tensor in a file that was cut short behind its back. */
    private record Unreadable(TensorData of) implements TensorData {
        @Override
        public String name() {
            return of.name();
        }

        @Override
        public DType dtype() {
            return of.dtype();
        }

        @Override
        public long[] shape() {
            return of.shape();
        }

        @Override
        public long numElements() {
            return of.numElements();
        }

        @Override
        public void readFloats(long fromElement, float[] into, int offset, int count) {
            throw new IllegalStateException("no such page");
        }

        @Override
        public void readBf16(long fromElement, short[] into, int offset, int count) {
            throw new IllegalStateException("no such page");
        }

        @Override
        public TensorData slice(long fromElement, long... shape) {
            return this;
        }
    }
}
