package io.penstock.serving.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ToolCallGoldenTest {
    private static final JsonMapper EXACT =
            JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();
    private static final int RANDOM_CUTS = 30;

    record Case(String name, String input, JsonNode expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> cases() throws IOException {
        Path file = Path.of(System.getProperty("basedir", ".")).resolve("../goldens/tool-calls/tool-calls.jsonl");
        List<Case> cases = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            JsonNode node = EXACT.readTree(line);
            cases.add(new Case(node.get("name").asText(), node.get("input").asText(), node.get("expected")));
        }
        return cases;
    }

    @Test
    void everyCaseIsRun() throws IOException {
        assertEquals(158, cases().size());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void wholeText(Case c) throws IOException {
        check(c, ToolCallParser.parse(c.input()));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anyCut(Case c) throws IOException {
        ParsedOutput whole = ToolCallParser.parse(c.input());
        check(c, RecordedOutput.parse(OutputFormat.TOOL_CALLS, RecordedOutput.singleChars(c.input())));
        for (int cut = 0; cut <= c.input().length() && c.input().length() < 500; cut++) {
            List<String> two = List.of(c.input().substring(0, cut), c.input().substring(cut));
            assertEquals(whole, RecordedOutput.parse(OutputFormat.TOOL_CALLS, two), "cut at " + cut);
        }
        for (int seed = 0; seed < RANDOM_CUTS; seed++) {
            List<String> pieces = RecordedOutput.randomPieces(c.input(), new Random(seed));
            assertEquals(whole, RecordedOutput.parse(OutputFormat.TOOL_CALLS, pieces), "cuts of seed " + seed);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void reasoningTakenOutLeavesTheSameCalls(Case c) {
        OutputFormat format = new OutputFormat(true, true, false);
        ParsedOutput kept = ToolCallParser.parse(c.input());
        ParsedOutput split = OutputParser.parse(format, c.input());
        assertEquals(kept.toolCalls(), split.toolCalls());
        assertEquals(split, RecordedOutput.parse(format, RecordedOutput.singleChars(c.input())));
        String unclosed = kept.content().contains("</think>") ? "" : "</think>";
        if (!kept.content().contains("<think>")) {
            assertEquals(kept.content(), split.content());
        } else {
            int tags = kept.content().length() + unclosed.length() - split.content().length()
                    - split.reasoning().length();
            assertTrue(tags > 0 && tags % "<think></think>".length() == 0, tags + " characters of tags");
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theTwinAgrees(Case c) {
        assertEquals(ReferenceToolCalls.parse(c.input()), ToolCallParser.parse(c.input()));
    }

    private static void check(Case c, ParsedOutput parsed) throws IOException {
        assertEquals(c.expected().get("content").asText(), parsed.content());
        JsonNode calls = c.expected().get("tool_calls");
        assertEquals(calls.size(), parsed.toolCalls().size(), "number of calls");
        for (int i = 0; i < calls.size(); i++) {
            assertEquals(calls.get(i).get("name").asText(), parsed.toolCalls().get(i).name());
            same(calls.get(i).get("arguments"), EXACT.readTree(parsed.toolCalls().get(i).argumentsJson()));
        }
    }

    private static void same(JsonNode expected, JsonNode actual) {
        assertEquals(expected.isNumber(), actual.isNumber());
        if (expected.isNumber()) {
            assertEquals(0, expected.decimalValue().compareTo(actual.decimalValue()), expected + " != " + actual);
            return;
        }
        assertEquals(expected.getNodeType(), actual.getNodeType());
        assertEquals(expected.size(), actual.size());
        if (expected.isArray()) {
            for (int i = 0; i < expected.size(); i++) {
                same(expected.get(i), actual.get(i));
            }
        } else if (expected.isObject()) {
            List<Map.Entry<String, JsonNode>> left = List.copyOf(expected.properties());
            List<Map.Entry<String, JsonNode>> right = List.copyOf(actual.properties());
            for (int i = 0; i < left.size(); i++) {
                assertEquals(left.get(i).getKey(), right.get(i).getKey(), "key " + i);
                same(left.get(i).getValue(), right.get(i).getValue());
            }
        } else {
            assertEquals(expected, actual);
        }
    }
}
