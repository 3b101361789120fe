package io.penstock.bench.loadgen.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.bench.loadgen.Bytes;
import io.penstock.bench.loadgen.Ints;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventScannerTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String[] TEXTS = {"", "a", "\"\\\n", "ü€😀", "{}[],:"};
    private static final String[] KEYS = {"choices", "text", "delta", "content", "usage", "error", "message",
        "token_ids", "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "a\"b", "text "};

    private final EventScanner scanner = new EventScanner();
    private final Bytes text = new Bytes();
    private final Ints ids = new Ints();

    private void scan(String json) {
        byte[] bytes = ("xx" + json + "yy").getBytes(StandardCharsets.UTF_8);
        scanner.scan(bytes, 2, bytes.length - 2, text, ids);
    }

    private String text() {
        return new String(text.toArray(), StandardCharsets.UTF_8);
    }

    @Test
    void aCompletionsTextAndIds() {
        scan("{\"id\":\"c\",\"choices\":[{\"index\":0,\"text\":\" \\u00e4\\n\\ud83d\\ude00é\\\"\","
                + "\"token_ids\":[7, 12],\"logprobs\":null}],\"usage\":null}");
        assertEquals(" ä\n😀é\"", text());
        assertEquals(2, scanner.numIds());
        assertEquals(12, ids.toArray()[1]);
        assertFalse(scanner.hasUsage());
        assertNull(scanner.error());
    }

    @Test
    void aChatsFirstEventHasNoText() {
        scan("{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}");
        assertEquals(0, scanner.textBytes());
        scan("{\"choices\":[{\"delta\":{\"reasoning_content\":\"so\",\"content\":null}}]}");
        assertEquals("so", text());
        scan("{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}");
        assertTrue(scanner.hasToolCalls());
        assertEquals(0, scanner.textBytes());
    }

    @Test
    void usageBehindTheLastToken() {
        scan("{\"choices\":[],\"usage\":{\"prompt_tokens\":31,\"completion_tokens\":8,\"total_tokens\":39,"
                + "\"prompt_tokens_details\":{\"cached_tokens\":16}}}");
        assertTrue(scanner.hasUsage());
        assertEquals(31, scanner.promptTokens());
        assertEquals(8, scanner.completionTokens());
        assertEquals(16, scanner.cachedTokens());
    }

    @Test
    void errorsSayWhy() {
        scan("{\"error\":{\"type\":\"server\",\"message\":\"out of \\\"blocks\\\"\"}}");
        assertEquals("out of \"blocks\"", scanner.error());
        scan("{\"error\":\"plain\"}");
        assertEquals("plain", scanner.error());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{\"choices\":[{\"te", "{\"a\":}", "[1,]", "{\"a\" 1}", "{} {}", "{\"a\":1,}",
        "{\"a\":\"\\", "\u0007"})
    void whatIsNoJsonIsRefused(String json) {
        assertThrows(IllegalArgumentException.class, () -> scan(json));
    }

    @Test
    void deepNestingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> scan("[".repeat(100) + "]".repeat(100)));
    }

    /** Whatever stands around them, the same values as a tree has at their places. */
    @Test
    void agreesWithATree() throws JsonProcessingException {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            ObjectNode event = object(random, 4);
            if (random.nextBoolean()) {
                event.set("choices", JSON.createArrayNode().add(object(random, 3)));
            }
            String json = random.nextBoolean() ? event.toString() : event.toPrettyString();
            Bytes texts = new Bytes();
            Ints numbers = new Ints();
            byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
            scanner.scan(bytes, 0, bytes.length, texts, numbers);
            JsonNode tree = JSON.readTree(json);
            int at = seed;
            assertEquals(texts(tree), new String(texts.toArray(), StandardCharsets.UTF_8), () -> "seed " + at);
            assertEquals(numIds(tree), numbers.size(), () -> "seed " + at);
            assertEquals(tree.path("usage").isObject(), scanner.hasUsage(), () -> "seed " + at);
            if (scanner.hasUsage()) {
                assertEquals(natural(tree.path("usage").path("prompt_tokens")), scanner.promptTokens());
            }
        }
    }

    private static String texts(JsonNode tree) {
        StringBuilder all = new StringBuilder();
        if (tree.path("choices").isArray()) {
            for (JsonNode choice : tree.path("choices")) {
                choice.properties().forEach(field -> {
                    if (field.getKey().equals("text") && field.getValue().isTextual()) {
                        all.append(field.getValue().textValue());
                    } else if (field.getKey().equals("delta") && field.getValue().isObject()) {
                        JsonNode content = field.getValue().path("content");
                        all.append(content.isTextual() ? content.textValue() : "");
                    }
                });
            }
        }
        return all.toString();
    }

    private static int numIds(JsonNode tree) {
        int number = 0;
        if (tree.path("choices").isArray()) {
            for (JsonNode choice : tree.path("choices")) {
                number += numbersIn(choice.path("token_ids"));
            }
        }
        return number;
    }

    /** Ids, as flat or nested as an array may be. */
    private static int numbersIn(JsonNode node) {
        if (node.isArray()) {
            int number = 0;
            for (JsonNode inside : node) {
                number += numbersIn(inside);
            }
            return number;
        }
        return node.isInt() && node.intValue() >= 0 ? 1 : 0;
    }

    private static int natural(JsonNode node) {
        return node.isInt() && node.intValue() >= 0 ? node.intValue() : 0;
    }

    private static ObjectNode object(Random random, int depth) {
        ObjectNode object = JSON.createObjectNode();
        for (int i = random.nextInt(5); i > 0; i--) {
            object.set(KEYS[random.nextInt(KEYS.length)], value(random, depth - 1));
        }
        return object;
    }

    private static JsonNode value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> JSON.getNodeFactory().textNode(TEXTS[random.nextInt(TEXTS.length)]);
            case 1 -> JSON.getNodeFactory().numberNode(random.nextInt(100_000));
            case 2 -> JSON.getNodeFactory().numberNode(-random.nextDouble() * 1e9);
            case 3 -> JSON.getNodeFactory().booleanNode(random.nextBoolean());
            case 4 -> JSON.getNodeFactory().nullNode();
            case 5 -> object(random, depth);
            default -> {
                ArrayNode array = JSON.createArrayNode();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(value(random, depth - 1));
                }
                yield array;
            }
        };
    }
}
