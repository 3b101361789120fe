package io.penstock.bench.accuracy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.openai.ToolChoice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A question with its answer, one JSON object a line: {@code messages} (with {@code tools}, if any) or {@code prompt},
 * {@code expected}, and if given {@code id} and {@code task}, which is the category.
 */
public record EvaluationCase(String id, String category, GenerationRequest.Prompt prompt, String expected) {
    /** The category of lines without {@code task}. */
    public static final String NO_CATEGORY = "all";

    private static final String END_OF_THOUGHT = "</think>";
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** All of a file; a line that is none is an {@link InputException} that names it. */
    public static List<EvaluationCase> read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new InputException("cannot read " + file + ": give a file with one JSON object a line", e);
        }
        List<EvaluationCase> cases = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                String source = file + " line " + (i + 1);
                cases.add(of(StrictJson.parseObject(lines.get(i).getBytes(StandardCharsets.UTF_8), source),
                        source, i + 1));
            }
        }
        if (cases.isEmpty()) {
            throw new InputException(file + " holds no questions: give one JSON object a line");
        }
        return cases;
    }

    private static EvaluationCase of(ObjectNode node, String source, int number) {
        if (!node.path("expected").isTextual()) {
            throw new InputException(source + ": expected is missing; it is the answer, a text");
        }
        return new EvaluationCase(node.path("id").asText("line-" + number), node.path("task").asText(NO_CATEGORY),
                prompt(node, source), node.get("expected").textValue());
    }

    private static GenerationRequest.Prompt prompt(ObjectNode node, String source) {
        if (node.path("prompt").isTextual() && !node.has("messages")) {
            return new GenerationRequest.Text(node.get("prompt").textValue());
        }
        if (!(node.get("messages") instanceof ArrayNode messages)) {
            throw new InputException(source + ": give either messages, a list, or prompt, a text");
        }
        ArrayNode tools = node.get("tools") instanceof ArrayNode list ? list : null;
        return new GenerationRequest.Chat(new ChatInput(messages, tools, new ToolChoice(ToolChoice.Mode.AUTO, null),
                true, JsonNodeFactory.instance.objectNode(), true, false));
    }

    /** What asks it; special tokens stay in the text, since answers may hold some. */
    GenerationRequest request(SamplingRequest sampling) {
        return new GenerationRequest(id, prompt, sampling, 1, new GenerationRequest.Options(0, null, -1, false));
    }

    /** Whether what comes after the thought is the expected text, or the same JSON value where that is an object. */
    public boolean isRight(String answer) {
        String wanted = afterThought(expected);
        String given = afterThought(answer);
        return wanted.equals(given) || wanted.startsWith("{") && isSameJson(wanted, given);
    }

    private static boolean isSameJson(String wanted, String given) {
        try {
            JsonNode value = JSON.readTree(wanted);
            return value.equals(JSON.readTree(given));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    private static String afterThought(String text) {
        int end = text.lastIndexOf(END_OF_THOUGHT);
        return end < 0 ? text : text.substring(end + END_OF_THOUGHT.length());
    }
}
