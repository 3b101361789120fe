package io.penstock.serving.offline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.runtime.FinishReason;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.ToolChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The demo model on its evaluation set, all at once: greedy answers of the reference, and its scores. */
class DemoEvaluationTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_TOKENS = 256;

    /** Below this gap between the two best logits another order of summation may take another path. */
    private static final double NEAR_TIE = 0.05;

    private static List<JsonNode> instances() throws IOException {
        List<JsonNode> instances = new ArrayList<>();
        for (String line : Files.readAllLines(DemoModel.path("demo-data/eval.jsonl"))) {
            instances.add(JSON.readTree(line));
        }
        return instances;
    }

    private static GenerationRequest request(JsonNode instance) {
        ArrayNode tools = instance.hasNonNull("tools") ? (ArrayNode) instance.get("tools") : null;
        var chat = new ChatInput((ArrayNode) instance.get("messages"), tools,
                new ToolChoice(ToolChoice.Mode.AUTO, null), true, JsonNodeFactory.instance.objectNode(), true, false);
        return new GenerationRequest(instance.get("id").textValue(), new GenerationRequest.Chat(chat),
                DemoModel.greedy().withMaxTokens(MAX_TOKENS), 1, new GenerationRequest.Options(0, null, -1, false));
    }

    private static String afterThought(String text) {
        int end = text.lastIndexOf("</think>");
        return end < 0 ? text : text.substring(end + "</think>".length());
    }

    private static boolean isRight(JsonNode instance, String text) {
        String expected = afterThought(instance.get("expected").textValue());
        String actual = afterThought(text);
        if (!instance.get("task").textValue().equals("extract")) {
            return expected.equals(actual);
        }
        try {
            return JSON.readTree(expected).equals(JSON.readTree(actual));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    @Test
    void greedyAnswersAndScores() throws IOException {
        List<JsonNode> instances = instances();
        assertEquals(640, instances.size());
        Map<String, Integer> ours = new TreeMap<>();
        Map<String, Integer> reference = new TreeMap<>();
        int numResults = 0;
        try (Penstock penstock = DemoModel.open(ServingConfig.of(Preset.THROUGHPUT));
                GenerationResults results =
                        penstock.generate(instances.stream().map(DemoEvaluationTest::request).iterator())) {
            while (results.hasNext()) {
                GenerationResult result = results.next();
                numResults++;
                JsonNode instance = instances.get((int) result.index());
                String id = instance.get("id").textValue();
                assertEquals(id, result.request().id());
                assertFalse(result.isFailed(), () -> id + ": " + result.error());
                String text = result.choice().text();
                String expected = instance.get("hf_greedy_text").textValue();
                assertTrue(text.equals(expected) || instance.get("min_margin").doubleValue() < NEAR_TIE,
                        () -> id + ": expected " + expected + ", was " + text);
                assertEquals(result.choice().tokenIds().length == MAX_TOKENS ? FinishReason.LENGTH : FinishReason.STOP,
                        result.choice().finishReason(), id);
                String task = instance.get("task").textValue();
                ours.merge(task, isRight(instance, text) ? 1 : 0, Integer::sum);
                reference.merge(task, isRight(instance, expected) ? 1 : 0, Integer::sum);
            }
        }
        assertEquals(instances.size(), numResults);
        assertEquals(9, reference.size(), reference.toString());
        reference.forEach((task, score) ->
                assertTrue(ours.get(task) >= score, task + ": " + ours.get(task) + ", reference " + score));
    }
}
