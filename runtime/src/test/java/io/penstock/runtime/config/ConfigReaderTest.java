package io.penstock.runtime.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigReaderTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");
    private static final Path CONFIGS = ROOT.resolve("goldens/configs");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static List<String> accepted() throws IOException {
        try (Stream<Path> files = Files.list(CONFIGS.resolve("accept"))) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".expected.json"))
                    .map(name -> name.replace(".expected.json", ""))
                    .sorted()
                    .toList();
            assertFalse(names.isEmpty());
            return names;
        }
    }

    static List<String[]> rejected() throws IOException {
        var cases = new ArrayList<String[]>();
        MAPPER.readTree(CONFIGS.resolve("rejections.json").toFile())
                .forEach(c -> cases.add(new String[] {c.get("file").textValue(), c.get("reason").textValue()}));
        assertFalse(cases.isEmpty());
        return cases;
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void acceptedFilesHaveTheNormalForm(String name) throws IOException {
        JsonNode expected = MAPPER.readTree(CONFIGS.resolve("accept/" + name + ".expected.json").toFile());
        ModelConfig config = ConfigReader.read(CONFIGS.resolve("accept/" + name + ".json"));
        JsonNode actual = MAPPER.readTree(MAPPER.writeValueAsString(normalForm(config)));
        for (var entry : expected.properties()) {
            JsonNode found = actual.get(entry.getKey());
            if (entry.getValue().isFloatingPointNumber()) {
                assertEquals(entry.getValue().doubleValue(), found.doubleValue(), 0, entry.getKey());
            } else {
                assertEquals(entry.getValue(), found, entry.getKey());
            }
        }
        assertEquals(expected.size(), actual.size());
    }

    @ParameterizedTest
    @MethodSource("rejected")
    void rejectedFilesHaveTheReason(String file, String reason) {
        var e = assertThrows(ConfigException.class, () -> ConfigReader.read(CONFIGS.resolve(file)));
        assertEquals(reason, e.reason(), e.getMessage());
        assertOneLine(e, file);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "lfm2-350m | block_dim | 2048 | contradictory_hidden_size",
        "lfm2-350m | num_heads | 32 | contradictory_num_attention_heads",
        "lfm2-350m | num_attention_heads | 48 | hidden_not_divisible_by_heads",
        "lfm2-350m | hidden_size | 1000 | hidden_not_divisible_by_heads",
        "lfm2-350m | block_multiple_of | 0 | not_positive",
        "lfm2-350m | block_multiple_of | null | missing_key",
        "lfm2-350m | block_ffn_dim_multiplier | 0.0001 | not_positive",
        "lfm2-350m | block_ffn_dim_multiplier | 1e9 | too_large",
        "lfm2-350m | num_hidden_layers | 2000000000 | too_large",
        "lfm2-350m | num_hidden_layers | 12 | layer_index_out_of_range",
        "lfm2-350m | full_attn_idxs | [2, '5'] | wrong_type",
        "lfm2-350m | full_attn_idxs | null | missing_key",
        "lfm2-350m | theta | -1 | not_positive",
        "lfm2-350m | theta | 'x' | wrong_type",
        "lfm2-350m | tie_embedding | false | unsupported_untied_embeddings",
        "lfm2-350m | tie_embedding | 1 | wrong_type",
        "lfm2-350m | norm_eps | 1e-60 | out_of_range",
        "lfm2-350m | norm_eps | null | missing_key",
        "lfm2-350m | rope_scaling | {'factor': 2} | unsupported_rope_type",
        "lfm2-350m | rope_scaling | {'type': 3} | unsupported_rope_type",
        "lfm2.5-8b-a1b | rope_parameters | 5 | wrong_type",
        "lfm2.5-8b-a1b | rope_parameters | {'rope_theta': null} | missing_rope_theta",
        "lfm2.5-8b-a1b | layer_types | 'conv' | wrong_type",
        "lfm2.5-8b-a1b | layer_types | [1] | wrong_type",
        "lfm2.5-8b-a1b | model_type | 5 | unsupported_model_type",
        "lfm2.5-8b-a1b | vocab_size | true | wrong_type",
        "lfm2.5-8b-a1b | vocab_size | 99999999999 | too_large",
        "lfm2.5-8b-a1b | vocab_size | 1000 | token_id_out_of_range",
        "lfm2.5-8b-a1b | num_experts | 1000000 | too_large",
        "lfm2.5-8b-a1b | moe_intermediate_size | 2147483647 | OK",
        "lfm2.5-8b-a1b | bos_token_id | -1 | token_id_out_of_range",
        "lfm2.5-8b-a1b | pad_token_id | null | missing_key",
        "lfm2.5-8b-a1b | eos_token_id | [] | missing_key",
        "lfm2.5-8b-a1b | eos_token_id | [7, 128000] | token_id_out_of_range",
        "lfm2.5-8b-a1b | eos_token_id | [7, 1.5] | wrong_type",
        "lfm2.5-8b-a1b | conv_L_cache | 0 | unsupported_conv_L_cache",
        "lfm2.5-8b-a1b | conv_L_cache | 2 | OK",
        "lfm2.5-8b-a1b | conv_bias | null | OK",
        "lfm2.5-8b-a1b | quantization_config | null | OK",
        "lfm2.5-8b-a1b | rope_scaling | {} | OK",
        "lfm2.5-8b-a1b | routed_scaling_factor | null | missing_key",
        "lfm2.5-8b-a1b | num_dense_layers | 24 | OK",
        "lfm2.5-8b-a1b | block_ff_dim | 7168 | OK",
        "lfm2-350m | block_norm_eps | null | OK",
        "lfm2-350m | num_experts | -1 | OK",
    })
    void oneEntryChanged(String base, String key, String value, String reason) throws IOException {
        var json = (ObjectNode) MAPPER.readTree(CONFIGS.resolve("accept/" + base + ".json").toFile());
        json.set(key, MAPPER.readTree(value.replace('\'', '"')));
        byte[] bytes = MAPPER.writeValueAsBytes(json);
        if (reason.equals("OK")) {
            assertTrue(ConfigReader.read(bytes, "config.json").parameters() > 0);
            return;
        }
        var e = assertThrows(ConfigException.class, () -> ConfigReader.read(bytes, "config.json"));
        assertEquals(reason, e.reason(), e.getMessage());
        assertOneLine(e, "config.json: ");
    }

    @Test
    void nestedThetaIsPreferredToNothingElse() throws IOException {
        ModelConfig config = ConfigReader.read(CONFIGS.resolve("accept/lfm2.5-8b-a1b.json"));
        assertEquals(5e6, config.attention().ropeTheta());
        assertEquals(1e-5f, config.dimensions().normEps());
        assertArrayEquals(new int[] {2, 6, 10, 14, 18, 21}, config.attentionLayers());
        assertEquals(18, config.numConvLayers());
        assertEquals(22, config.numMoeLayers());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "`` | invalid_json | config.json: empty, not a JSON object",
        "`  \n` | invalid_json | config.json: empty, not a JSON object",
        "[1] | invalid_json | config.json: holds a list, not a JSON object",
        "null | invalid_json | config.json: holds null, not a JSON object",
        "`{\"model_type\": \"lfm2\"` | invalid_json | config.json: not valid JSON: Unexpected end-of-input",
        "`{\"a\": 1, \"a\": 1}` | invalid_json | config.json: not valid JSON: Duplicate",
        "{} {} | invalid_json | config.json: not valid JSON: Trailing token",
        "`{\"a\": NaN}` | invalid_json | config.json: not valid JSON: Non-standard token 'NaN'",
    })
    void textThatIsNoObject(String text, String reason, String message) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        var e = assertThrows(ConfigException.class, () -> ConfigReader.read(bytes, "config.json"));
        assertEquals(reason, e.reason());
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
        assertOneLine(e, "config.json");
    }

    @Test
    void pathsThatAreNoFile(@TempDir Path directory) {
        var absent = assertThrows(ConfigException.class, () -> ConfigReader.read(directory.resolve("config.json")));
        assertEquals(directory.resolve("config.json") + " does not exist", absent.getMessage());
        var wrong = assertThrows(ConfigException.class, () -> ConfigReader.read(directory));
        assertEquals(directory + " is a directory; give the file", wrong.getMessage());
        assertEquals("unreadable_file", wrong.reason());
    }

    @Test
    void textFromTheFileStaysOnOneShortLine() {
        byte[] bytes = ("{\"model_type\": \"a\\nb" + "x".repeat(500) + "\"}").getBytes(StandardCharsets.UTF_8);
        var e = assertThrows(ConfigException.class, () -> ConfigReader.read(bytes, "config.json"));
        assertOneLine(e, "model_type is 'a bxxx");
        assertTrue(e.getMessage().length() < 250);
    }

    private static void assertOneLine(ConfigException e, String part) {
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    private static ObjectNode normalForm(ModelConfig config) {
        ObjectNode form = MAPPER.createObjectNode();
        form.put("model_type", config.modelType());
        form.put("vocab_size", config.vocabSize());
        form.put("hidden_size", config.hiddenSize());
        form.put("num_layers", config.numLayers());
        form.set("layer_types", MAPPER.valueToTree(config.layerTypes().stream().map(LayerType::key).toList()));
        form.set("attention_layers", MAPPER.valueToTree(config.attentionLayers()));
        form.put("num_heads", config.attention().numHeads());
        form.put("num_kv_heads", config.attention().numKvHeads());
        form.put("head_dim", config.attention().headDim());
        form.put("rope_theta", config.attention().ropeTheta());
        form.put("max_position_embeddings", config.dimensions().maxPositionEmbeddings());
        form.put("norm_eps", config.dimensions().normEps());
        form.put("conv_L_cache", config.dimensions().convLCache());
        form.put("tie_word_embeddings", true);
        form.put("bos_token_id", config.tokens().bosTokenId());
        form.set("eos_token_ids", MAPPER.valueToTree(config.tokens().eosTokenIds()));
        form.put("pad_token_id", config.tokens().padTokenId());
        form.put("num_dense_layers", config.feedForward().numDenseLayers());
        form.put("dense_width", config.feedForward().denseWidth());
        form.put("num_experts", config.moe().numExperts());
        form.put("experts_per_token", config.moe().expertsPerToken());
        form.put("expert_width", config.moe().expertWidth());
        form.put("use_expert_bias", config.moe().useExpertBias());
        form.put("norm_topk_prob", config.moe().normTopkProb());
        form.put("routed_scaling_factor", config.moe().routedScalingFactor());
        form.put("parameters", config.parameters());
        form.put("active_parameters", config.activeParameters());
        form.put("tensors", config.numTensors());
        form.put("tensors_fused", config.numTensorsFused());
        return form;
    }
}
