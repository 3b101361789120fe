package io.penstock.runtime.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokenCheckpointTest {
    private static final Path MODELS = Path.of(System.getProperty("basedir", ".")).resolve("../goldens/models");
    private static final String EXPERTS = "model.layers.2.feed_forward.experts.";

    @TempDir
    Path directory;

    @Test
    void pathsThatAreNoCheckpoint() throws IOException {
        Path absent = directory.resolve("absent");
        assertProblem(absent, absent + " does not exist; give the directory of a checkpoint");
        Path file = Files.createFile(directory.resolve("file"));
        assertProblem(file, file + " is not a directory; give the directory that holds config.json");
        assertProblem(directory, directory.resolve("config.json") + " does not exist");
        Files.copy(MODELS.resolve("dense-adjusted/config.json"), directory.resolve("config.json"));
        String none = directory
                + " has no weights: neither model.safetensors nor model.safetensors.index.json is there";
        assertProblem(directory, none);
        Files.createFile(directory.resolve("pytorch_model.bin"));
        assertProblem(directory, none + " (there is 'pytorch_model.bin', but only safetensors are read)");
        Files.createFile(directory.resolve("model-00001-of-00002.safetensors"));
        assertProblem(directory, none + " (there is 'model-00001-of-00002.safetensors', but no index for it)");
    }

    @Test
    void aMissingTensorIsNamed() throws IOException {
        rewrite("dense-adjusted", name -> !name.endsWith("layers.1.self_attn.k_proj.weight"), builder -> {});
        assertProblem(directory, directory + ": tensor 'model.layers.1.self_attn.k_proj.weight' is missing;"
                + " config.json asks for [128, 256]");
    }

    @Test
    void anUnexpectedTensorIsNamed() throws IOException {
        rewrite("dense-adjusted", name -> true,
                builder -> builder.addF32("model.layers.4.ffn_norm.weight", new float[256], 256));
        assertProblem(directory, single() + ": tensor 'model.layers.4.ffn_norm.weight' is unexpected:"
                + " config.json describes no such tensor");
    }

    @Test
    void wrongShapesAndTypesAreNamed() throws IOException {
        rewrite("dense-adjusted", name -> !name.equals("model.embedding_norm.weight"),
                builder -> builder.addF32("model.embedding_norm.weight", new float[255], 255));
        assertProblem(directory, single() + ": tensor 'model.embedding_norm.weight' is F32 [255];"
                + " config.json asks for [256]");
        rewrite("dense-adjusted", name -> !name.equals("model.embedding_norm.weight"),
                builder -> builder.add("model.embedding_norm.weight", "I8", new byte[256], 256));
        assertProblem(directory, single() + ": tensor 'model.embedding_norm.weight' is I8 [256];"
                + " BF16, F16 or F32 is expected");
        rewrite("dense-adjusted", name -> true,
                builder -> builder.addBf16("lm_head.weight", new short[640], 640, 1));
        assertProblem(directory, single() + ": tensor 'lm_head.weight' is BF16 [640, 1];"
                + " config.json asks for [640, 256]");
    }

    @Test
    void severalProblemsAreCountedInOneLineAndListedByTheVerification() throws IOException {
        rewrite("dense-adjusted", name -> !name.contains("layers.3."), builder -> {});
        var e = assertThrows(InputException.class, () -> Checkpoint.open(directory));
        assertEquals(directory + ": tensor 'model.layers.3.operator_norm.weight' is missing;"
                + " config.json asks for [256] (and 10 more problems)", e.getMessage());
        assertEquals(11, CheckpointVerification.problems(directory).size());
    }

    @Test
    void bothFormsOfExpertsInOneLayerAreRefused() throws IOException {
        rewrite("moe-legacy", name -> true,
                builder -> builder.addBf16(EXPERTS + "0.w1.weight", new short[56 * 128], 56, 128));
        assertProblem(directory, single() + ": tensor '" + EXPERTS + "gate_up_proj' is fused, but layer 2 also has '"
                + EXPERTS + "0.w1.weight'; one form is expected");
        rewrite("moe-legacy", name -> !name.equals(EXPERTS + "down_proj"), builder -> {});
        assertProblem(directory, directory + ": tensor '" + EXPERTS + "down_proj' is missing;"
                + " config.json asks for [8, 128, 56]");
    }

    @Test
    void aBiasThatTheConfigurationDoesNotUseIsUnexpected() throws IOException {
        rewrite("moe-legacy", name -> true,
                builder -> builder.addF32("model.layers.1.feed_forward.expert_bias", new float[8], 8));
        assertProblem(directory, single() + ": tensor 'model.layers.1.feed_forward.expert_bias' is unexpected:"
                + " config.json describes no such tensor");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{} | : weight_map is absent or not an object",
        "{'weight_map': []} | : weight_map is absent or not an object",
        "{'weight_map': {}} | : weight_map names no tensor",
        "{'weight_map': {'a': 7}} | : tensor 'a' is not mapped to a file name",
        "{'weight_map': {'a': '../x'}} | : shard '../x' is not inside the checkpoint's directory",
        "{'weight_map': {'a': 'b/../../x'}} | : shard 'b/../../x' is not inside the checkpoint's directory",
        "{'weight_map': {'a': '/etc/passwd'}} | : shard '/etc/passwd' is not inside the checkpoint's directory",
        "{'weight_map': {'a': ''}} | : shard '' is not inside the checkpoint's directory",
        "{'weight_map': {'a': 'x\\u0000y'}} | : 'x y' is not a file name",
        "{'weight_map': {'a': 'b', 'a': 'b'}} | : not valid JSON: Duplicate field 'a' (line 1, column 30)",
        "[] | : holds a list, not a JSON object",
        "{'weight_map' | : not valid JSON: Unexpected end-of-input",
    })
    void brokenIndexes(String index, String message) throws IOException {
        Files.copy(MODELS.resolve("moe-legacy/config.json"), directory.resolve("config.json"));
        Path path = directory.resolve("model.safetensors.index.json");
        Files.writeString(path, index.replace('\'', '"'));
        var e = assertThrows(InputException.class, () -> Checkpoint.open(directory));
        assertTrue(e.getMessage().startsWith(path + message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
        assertEquals(List.of(e.getMessage()), CheckpointVerification.problems(directory));
    }

    @Test
    void shardsThatDoNotFitTheIndex() throws IOException {
        copy("moe-legacy");
        Path index = directory.resolve("model.safetensors.index.json");
        Path second = directory.resolve("model-00002-of-00002.safetensors");
        String text = Files.readString(index);

        String entry = "\"model.embedding_norm.weight\": \"model-0000%d-of-00002.safetensors\"";
        Files.writeString(index, text.replace(entry.formatted(2), entry.formatted(1)));
        assertProblem(directory, index + ": tensor 'model.embedding_norm.weight' is not in"
                + " model-00001-of-00002.safetensors (and 1 more problems)");

        Files.writeString(index, text.replace(entry.formatted(2) + ",", ""));
        assertProblem(directory, second + ": tensor 'model.embedding_norm.weight' is not there according to"
                + " model.safetensors.index.json");

        Files.writeString(index, text);
        Files.delete(second);
        assertProblem(directory, second + " is missing, but model.safetensors.index.json names it;"
                + " fetch the checkpoint again");
    }

    @Test
    void verificationListsEveryBrokenFile() throws IOException {
        copy("moe-legacy");
        Path first = directory.resolve("model-00001-of-00002.safetensors");
        Path second = directory.resolve("model-00002-of-00002.safetensors");
        Files.delete(second);
        try (FileChannel channel = FileChannel.open(first, StandardOpenOption.WRITE)) {
            channel.truncate(Files.size(first) - 100);
        }
        Files.writeString(directory.resolve("config.json"), "{}");
        List<String> problems = CheckpointVerification.problems(directory);
        assertEquals(3, problems.size(), problems::toString);
        assertTrue(problems.get(0).startsWith(directory.resolve("config.json") + ": model_type is absent"));
        assertTrue(problems.get(1).contains("the file is truncated, fetch it again"), problems.get(1));
        assertTrue(problems.get(2).startsWith(second + " is missing"), problems.get(2));
    }

    @Test
    void verificationReadsEveryWeight() throws IOException {
        var norm = new float[256];
        Arrays.fill(norm, 1);
        norm[17] = Float.NaN;
        norm[200] = Float.NEGATIVE_INFINITY;
        String zeros = "model.layers.0.conv.out_proj.weight";
        rewrite("dense-adjusted", name -> !name.equals("model.embedding_norm.weight") && !name.equals(zeros),
                builder -> builder.addF32("model.embedding_norm.weight", norm, 256)
                        .addBf16(zeros, new short[256 * 256], 256, 256));
        Checkpoint.open(directory).close();
        assertEquals(List.of(
                        single() + ": tensor 'model.embedding_norm.weight' holds 2 NaN or infinite values, the first"
                                + " at element 17",
                        single() + ": tensor '" + zeros + "' holds only zeros; the file may be incomplete"),
                CheckpointVerification.problems(directory));
    }

    private Path single() {
        return directory.resolve("model.safetensors");
    }

    private static void assertProblem(Path directory, String message) {
        var e = assertThrows(InputException.class, () -> Checkpoint.open(directory));
        assertEquals(message, e.getMessage());
        assertTrue(message.startsWith(CheckpointVerification.problems(directory).getFirst()));
    }

    /** A golden model as a single file, less the tensors that are not kept, with whatever is added. */
    private void rewrite(String model, Predicate<String> kept, Consumer<SafetensorsBuilder> more)
            throws IOException {
        Path source = MODELS.resolve(model);
        Files.writeString(directory.resolve("config.json"), Files.readString(source.resolve("config.json")));
        var builder = new SafetensorsBuilder();
        try (Checkpoint original = Checkpoint.open(source)) {
            for (Path path : original.paths()) {
                try (var file = SafetensorsFile.open(path)) {
                    file.names().stream().filter(kept).forEach(name -> builder.copy(file, name));
                }
            }
        }
        more.accept(builder);
        builder.write(single());
    }

    private void copy(String model) throws IOException {
        try (Stream<Path> files = Files.list(MODELS.resolve(model))) {
            for (Path file : files.toList()) {
                Files.copy(file, directory.resolve(file.getFileName().toString()));
            }
        }
    }
}
