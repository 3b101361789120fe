package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.TokenGrammar;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.ParsedOutput;
import io.penstock.serving.output.ToolCall;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Demanded calls come out of the parser of outputs as calls whose arguments their schemas permit. */
class ToolCallFormsTest {
    private static final OutputForm.Tool WEATHER = tool("get_weather", """
            {"type":"object","properties":{"city":{"type":"string","maxLength":30},"unit":{"enum":["C","F"]},
            "days":{"type":"array","items":{"type":"integer","minimum":1,"maximum":9},"maxItems":3},
            "options":{"type":"object","properties":{"deep":{"type":"boolean"},"note":{"type":["string","null"]}}}},
            "required":["city","days"]}""");
    private static final OutputForm.Tool NOW = tool("clock.now", null);
    private static final OutputForm.Tool POINT = tool("point", """
            {"$ref":"#/$defs/p","$defs":{"p":{"type":"object","properties":{"x":{"type":"number"},
            "y":{"type":"number","minimum":-1,"maximum":1}},"required":["x","y"]}}}""");
    private static final OutputForm.Tool FREE = tool("free", "{\"type\":\"object\",\"additionalProperties\":true}");
    private static final OutputForm.Tool SPACED = tool("spaced",
            "{\"type\":\"object\",\"properties\":{\"a b\":{\"type\":\"integer\"}},\"required\":[\"a b\"]}");

    private final Grammars grammars = new Grammars(Walk.TRIE, ToolCall::isName);

    private static OutputForm.Tool tool(String name, String parameters) {
        return new OutputForm.Tool(name, parameters == null ? null : SchemaJudge.json(parameters));
    }

    private int assertCalls(List<OutputForm.Tool> tools, boolean isParallel, int most) {
        TokenGrammar grammar = grammars.compile(new OutputForm.ToolCalls(tools, isParallel), Reasoning.NONE);
        Map<String, SchemaJudge> judges = new HashMap<>();
        for (OutputForm.Tool tool : tools) {
            JsonNode schema = tool.parameters() == null ? SchemaJudge.json("{\"maxProperties\":0}") : tool.parameters();
            judges.put(tool.name(), new SchemaJudge(schema));
        }
        int numCalls = 0;
        for (int i = 0; i < 120; i++) {
            Walk.Output output = Walk.random(grammar, new Random(i), 500);
            if (output.isWhole()) {
                ParsedOutput parsed = OutputParser.parse(new OutputFormat(true, true, false), output.text());
                assertEquals("", parsed.content(), output.text());
                assertFalse(parsed.toolCalls().isEmpty(), output.text());
                assertTrue(parsed.toolCalls().size() <= most, output.text());
                for (ToolCall call : parsed.toolCalls()) {
                    numCalls++;
                    assertEquals("", judges.get(call.name()).objection(call.argumentsJson()), output.text());
                }
            }
        }
        return numCalls;
    }

    @Test
    void asTheModelWritesThem() {
        assertTrue(assertCalls(List.of(WEATHER, NOW, POINT), true, ToolCallForms.MAX_CALLS) > 60);
        assertTrue(assertCalls(List.of(WEATHER), false, 1) > 40);
        assertTrue(assertCalls(List.of(NOW), false, 1) > 60);
    }

    @Test
    void asJsonWhereNamesOrArgumentsHaveNoPlaceInThat() {
        assertTrue(assertCalls(List.of(WEATHER, FREE), true, ToolCallForms.MAX_CALLS) > 40);
        assertTrue(assertCalls(List.of(SPACED), false, 1) > 60);
    }

    @Test
    void markersAreControlTokensAndNothingStandsAround() {
        TokenGrammar grammar = grammars.compile(new OutputForm.ToolCalls(List.of(NOW), false), Reasoning.NONE);
        int start = Walk.TOKENIZER.idOf("<|tool_call_start|>").orElseThrow();
        int end = Walk.TOKENIZER.idOf("<|tool_call_end|>").orElseThrow();
        TokenGrammar.State state = grammar.start();
        assertEquals(List.of(start), permitted(state));
        state = state.after(start);
        for (int id : Walk.TOKENIZER.encodeAsText("[clock.now()]")) {
            state = state.after(id);
        }
        assertEquals(List.of(end), permitted(state));
        assertEquals(List.of(Walk.END), permitted(state.after(end)));
    }

    @Test
    void aNameThatReadersDoNotTakeIsRefused() {
        var form = new OutputForm.ToolCalls(List.of(tool("a b", null)), true);
        var e = assertThrows(InputException.class, () -> grammars.compile(form, Reasoning.NONE));
        assertTrue(e.getMessage().contains("its name must be of letters"), e.getMessage());
        var bad = new OutputForm.ToolCalls(List.of(tool("f", "{\"properties\":{\"a\":{\"not\":{}}}}")), true);
        var other = assertThrows(InputException.class, () -> grammars.compile(bad, Reasoning.NONE));
        assertTrue(other.getMessage().startsWith("tool f: the schema at /properties/a: keyword \"not\""),
                other.getMessage());
    }

    private static List<Integer> permitted(TokenGrammar.State state) {
        int numWords = (Walk.TOKENIZER.vocabSize() + 31) / 32;
        int[] words = new int[numWords];
        state.fillMask(words, 0, numWords);
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < Walk.TOKENIZER.vocabSize(); id++) {
            if ((words[id >>> 5] >>> id & 1) != 0) {
                ids.add(id);
            }
        }
        return ids;
    }
}
