package io.penstock.runtime.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");
    private static final Path MODELS = ROOT.resolve("goldens/models");

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "goldens/models/moe-nested, 333, false",
        "goldens/models/moe-legacy, 40, true",
        "goldens/models/dense-adjusted, 40, false",
        "models/penstock-demo, 148, false",
    })
    void checkpointsOpenAndEveryRoleCanBeRead(String name, int numTensors, boolean fused) {
        try (Checkpoint checkpoint = Checkpoint.open(ROOT.resolve(name))) {
            ModelConfig config = checkpoint.config();
            assertEquals(numTensors, checkpoint.numTensors());
            assertEquals(fused ? config.numTensorsFused() : config.numTensors(), checkpoint.numTensors());
            assertEquals(config.parameters(), elementsOfAllRoles(checkpoint));
            assertEquals(List.of(), CheckpointVerification.problems(ROOT.resolve(name)));
        }
    }

    @Test
    void embeddingIsTheGoldenTracesFirstTensor() throws IOException {
        for (String name : List.of("moe-nested", "moe-legacy", "dense-adjusted")) {
            var cases = new ObjectMapper()
                    .readTree(MODELS.resolve(name + "/cases.json").toFile()).get("cases");
            try (Checkpoint checkpoint = Checkpoint.open(MODELS.resolve(name));
                    var expected = SafetensorsFile.open(MODELS.resolve(name + "/expected.safetensors"))) {
                float[] rows = expected.tensor("len17.embedding").toFloats();
                int hidden = checkpoint.config().hiddenSize();
                for (var golden : cases) {
                    if (golden.get("length").intValue() != 17) {
                        continue;
                    }
                    var row = new float[hidden];
                    for (int t = 0; t < 17; t++) {
                        long token = golden.get("prompt").get(t).longValue();
                        checkpoint.embedTokens().readFloats(token * hidden, row, 0, hidden);
                        assertArrayEquals(Arrays.copyOfRange(rows, t * hidden, (t + 1) * hidden), row);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"moe-legacy, 8", "moe-nested, 32"})
    void fusedAndPerExpertHoldTheSame(String name, int numExperts) throws IOException {
        Path source = MODELS.resolve(name);
        Files.copy(source.resolve("config.json"), directory.resolve("config.json"));
        try (Checkpoint original = Checkpoint.open(source)) {
            LayoutConverter.writeOtherLayout(original, directory.resolve("model.safetensors"));
            try (Checkpoint converted = Checkpoint.open(directory)) {
                ModelConfig config = original.config();
                assertEquals(config.numTensors() + config.numTensorsFused(),
                        original.numTensors() + converted.numTensors());
                assertEquals(numExperts, config.moe().numExperts());
                for (int layer = config.feedForward().numDenseLayers(); layer < config.numLayers(); layer++) {
                    for (int expert = 0; expert < numExperts; expert++) {
                        assertSame(original.expertW1(layer, expert), converted.expertW1(layer, expert));
                        assertSame(original.expertW2(layer, expert), converted.expertW2(layer, expert));
                        assertSame(original.expertW3(layer, expert), converted.expertW3(layer, expert));
                    }
                }
                assertEquals(config.parameters(), elementsOfAllRoles(converted));
            }
        }
    }

    @Test
    void rolesThatALayerDoesNotHaveAreProgrammingErrors() {
        try (Checkpoint checkpoint = Checkpoint.open(MODELS.resolve("moe-legacy"))) {
            assertNull(checkpoint.expertBias(1));
            assertThrows(IllegalArgumentException.class, () -> checkpoint.qProj(0));
            assertThrows(IllegalArgumentException.class, () -> checkpoint.convWeight(1));
            assertThrows(IllegalArgumentException.class, () -> checkpoint.w1(1));
            assertThrows(IllegalArgumentException.class, () -> checkpoint.expertW1(0, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> checkpoint.expertW1(1, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> checkpoint.expertW2(4, 0));
        }
        try (Checkpoint checkpoint = Checkpoint.open(MODELS.resolve("moe-nested"))) {
            assertEquals(DType.F32, checkpoint.expertBias(2).dtype());
            assertThrows(IllegalArgumentException.class, () -> checkpoint.expertW1(2, 32));
        }
    }

    @Test
    void aHeadBesideTheTiedEmbeddingIsNotAnError() throws IOException {
        Path source = MODELS.resolve("dense-adjusted");
        Files.copy(source.resolve("config.json"), directory.resolve("config.json"));
        try (var file = SafetensorsFile.open(source.resolve("model.safetensors"))) {
            var builder = new SafetensorsBuilder();
            file.names().forEach(name -> builder.copy(file, name));
            builder.addBf16("lm_head.weight", new short[640 * 256], 640, 256).write(
                    directory.resolve("model.safetensors"));
        }
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertEquals(41, checkpoint.numTensors());
            assertEquals(checkpoint.config().parameters(), elementsOfAllRoles(checkpoint));
        }
    }

    private static void assertSame(TensorData expected, TensorData actual) {
        assertArrayEquals(expected.shape(), actual.shape());
        assertArrayEquals(expected.toBf16(), actual.toBf16());
        assertTrue(expected.numElements() > 0);
    }

    /** Reads every role of every layer whole, as floats and as bfloat16, and counts. */
    static long elementsOfAllRoles(ModelTensors tensors) {
        ModelConfig config = tensors.config();
        long elements = read(tensors.embedTokens()) + read(tensors.embeddingNorm());
        for (int l = 0; l < config.numLayers(); l++) {
            elements += read(tensors.operatorNorm(l)) + read(tensors.ffnNorm(l));
            if (config.isAttention(l)) {
                elements += read(tensors.qProj(l)) + read(tensors.kProj(l)) + read(tensors.vProj(l));
                elements += read(tensors.attentionOutProj(l)) + read(tensors.qLayernorm(l));
                elements += read(tensors.kLayernorm(l));
            } else {
                elements += read(tensors.convInProj(l)) + read(tensors.convWeight(l)) + read(tensors.convOutProj(l));
            }
            if (config.hasExperts(l)) {
                elements += read(tensors.gate(l));
                elements += tensors.expertBias(l) == null ? 0 : read(tensors.expertBias(l));
                for (int e = 0; e < config.moe().numExperts(); e++) {
                    elements += read(tensors.expertW1(l, e)) + read(tensors.expertW2(l, e));
                    elements += read(tensors.expertW3(l, e));
                }
            } else {
                elements += read(tensors.w1(l)) + read(tensors.w2(l)) + read(tensors.w3(l));
            }
        }
        return elements;
    }

    private static long read(TensorData tensor) {
        float[] floats = tensor.toFloats();
        short[] bf16 = tensor.toBf16();
        for (int i = 0; i < floats.length; i++) {
            assertEquals(FloatBits.toBf16(Float.floatToRawIntBits(floats[i])), bf16[i], tensor.name());
        }
        return floats.length;
    }
}
