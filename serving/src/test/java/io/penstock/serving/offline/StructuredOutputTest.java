package io.penstock.serving.offline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.FinishReason;
import io.penstock.runtime.InputException;
import io.penstock.runtime.Penalties;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.grammar.OutputForm;
import io.penstock.serving.grammar.RandomSchema;
import io.penstock.serving.grammar.Reasoning;
import io.penstock.serving.grammar.SchemaJudge;
import io.penstock.serving.grammar.Walk;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.ParsedOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Demanded forms from the request to the text, written by the demo model at temperature 1. */
class StructuredOutputTest {
    private static final int MAX_TOKENS = 120;
    private static final int SEEDS = 1;

    /** Schemas by chance beside those by hand; -Dpenstock.schemas=1000 for a long run. */
    private static final int NUM_RANDOM = Integer.getInteger("penstock.schemas", 8);
    private static Penstock penstock;

    @BeforeAll
    static void open() {
        penstock = DemoModel.open(DemoModel.small());
    }

    @AfterAll
    static void close() {
        penstock.close();
    }

    private static SamplingRequest sampling(long seed) {
        return penstock.sampling().withTemperature(1).withPenalties(Penalties.NONE).withSeed(seed)
                .withMaxTokens(MAX_TOKENS);
    }

    private static ParsedOutput parsed(GenerationResult result) {
        return OutputParser.parse(new OutputFormat(true, true, result.prompt().startsInThinking()),
                result.choice().text());
    }

    /** Those by hand, and by chance as many as permit anything at all. */
    private static List<String> schemas() {
        List<String> schemas = new ArrayList<>(SchemaJudge.schemas());
        int numSchemas = schemas.size() + NUM_RANDOM;
        for (long seed = 1; schemas.size() < numSchemas; seed++) {
            JsonNode schema = new RandomSchema(seed).schema(3);
            try {
                Walk.grammars().compile(new OutputForm.JsonSchema(schema), Reasoning.NONE);
                schemas.add(schema.toString());
            } catch (InputException e) {
                assertTrue(e.getMessage().startsWith("permits no output at all"), "seed " + seed + ": " + e);
            }
        }
        return schemas;
    }

    private static List<GenerationRequest> of(List<String> schemas) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (String schema : schemas) {
            for (int seed = 0; seed < SEEDS; seed++) {
                requests.add(GenerationRequest.chat("Tell me about Oslo in JSON.").withSampling(sampling(seed)
                        .withForm(new OutputForm.JsonSchema(SchemaJudge.json(schema)), "schema")));
            }
        }
        return requests;
    }

    @Test
    void everyWholeAnswerIsValid() {
        List<String> schemas = schemas();
        List<GenerationRequest> requests = of(schemas);
        int numWhole = 0;
        List<GenerationResult> some = new ArrayList<>();
        try (GenerationResults results = penstock.generate(requests)) {
            while (results.hasNext()) {
                GenerationResult result = results.next();
                JsonNode schema = SchemaJudge.json(schemas.get((int) result.index() / SEEDS));
                if (result.choice().finishReason() == FinishReason.STOP) {
                    numWhole++;
                    assertEquals("", new SchemaJudge(schema).objection(parsed(result).content()),
                            schema + " " + result.choice().text());
                } else {
                    assertEquals(FinishReason.LENGTH, result.choice().finishReason(), schema.toString());
                }
                if (result.index() % 17 == 0) {
                    some.add(result);
                }
            }
        }
        assertTrue(numWhole > requests.size() / 2, numWhole + " of " + requests.size() + " came to an end");
        for (GenerationResult result : some) {
            GenerationResult alone = penstock.generate(requests.get((int) result.index()));
            assertArrayEquals(result.choice().tokenIds(), alone.choice().tokenIds(), "the same tokens, alone");
        }
    }

    @Test
    void choicesAndExpressions() {
        for (int seed = 0; seed < 10; seed++) {
            var choice = GenerationRequest.chat("Do you like it?").withSampling(sampling(seed)
                    .withForm(new OutputForm.OneOf(List.of("positive", "negative", "pos")), "choice"));
            GenerationResult result = penstock.generate(choice);
            if (result.choice().finishReason() == FinishReason.STOP) {
                assertTrue(Set.of("positive", "negative", "pos").contains(parsed(result).content()),
                        result.choice().text());
            }
            var regex = GenerationRequest.text("My number is ").withSampling(sampling(seed)
                    .withForm(new OutputForm.Pattern("[1-9]\\d{2}-\\d{4}"), "regex"));
            GenerationResult number = penstock.generate(regex);
            assertEquals(FinishReason.STOP, number.choice().finishReason());
            assertTrue(number.choice().text().matches("[1-9]\\d{2}-\\d{4}"), number.choice().text());
        }
    }

    @Test
    void endsComeWhateverElseIsWished() {
        SamplingRequest wishes = sampling(3).withForm(new OutputForm.OneOf(List.of("yes", "no")), "choice").withStop(
                new SamplingRequest.Stop(40, false, 30, Set.of(), List.of(), true, false));
        GenerationResult result = penstock.generate(GenerationRequest.text("Yes or no?").withSampling(wishes));
        assertEquals(FinishReason.STOP, result.choice().finishReason());
        assertTrue(Set.of("yes", "no").contains(result.choice().text()), result.choice().text());
    }

    private static ChatCompletionRequest chat(String fields) {
        return ChatCompletionRequest.parse(SchemaJudge.json("""
                {"messages":[{"role":"user","content":"What is the weather in Oslo?"}],"temperature":1,"max_tokens":160,
                "tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object",
                "properties":{"city":{"type":"string","maxLength":20},"unit":{"enum":["C","F"]}},
                "required":["city"]}}},{"type":"function","function":{"name":"now"}}],""" + fields + "}"),
                DemoModel.ENCODER.defaults());
    }

    @Test
    void demandedCallsAreCalls() {
        var judge = new SchemaJudge(SchemaJudge.json("""
                {"type":"object","properties":{"city":{"type":"string","maxLength":20},"unit":{"enum":["C","F"]}},
                "required":["city"],"additionalProperties":false}"""));
        int numCalls = 0;
        for (int seed = 0; seed < 12; seed++) {
            String choice = seed % 2 == 0 ? "\"required\""
                    : "{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}";
            GenerationResult result = penstock.generate(
                    GenerationRequest.of(chat("\"tool_choice\":" + choice + ",\"seed\":" + seed)));
            if (result.choice().finishReason() == FinishReason.STOP) {
                ParsedOutput parsed = parsed(result);
                assertEquals("", parsed.content(), result.choice().text());
                assertTrue(seed % 2 == 0 ? !parsed.toolCalls().isEmpty() : parsed.toolCalls().size() == 1,
                        result.choice().text());
                for (var call : parsed.toolCalls()) {
                    numCalls++;
                    String objection = call.name().equals("now") && seed % 2 == 0 ? ""
                            : judge.objection(call.argumentsJson());
                    assertEquals("", objection, result.choice().text());
                }
            }
        }
        assertTrue(numCalls > 4, numCalls + " calls");
    }

    @Test
    void responseFormatsOfRequests() {
        ChatCompletionRequest request = ChatCompletionRequest.parse(SchemaJudge.json("""
                {"messages":[{"role":"user","content":"Hello"}],"max_tokens":160,"seed":1,"response_format":
                {"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"integer"}}}}"""),
                DemoModel.ENCODER.defaults());
        GenerationResult result = penstock.generate(GenerationRequest.of(request));
        assertTrue(parsed(result).content().strip().matches("-?\\d+"), result.choice().text());
    }

    @Test
    void whatCannotBeDemandedNamesItsField() {
        var e = assertThrows(BadRequestException.class, () -> penstock.generate(GenerationRequest.of(
                chat("\"structured_outputs\":{\"json\":{\"type\":\"array\",\"uniqueItems\":true}}"))));
        assertEquals("structured_outputs.json", e.param());
        assertTrue(e.getMessage().startsWith("structured_outputs.json: the schema at its root: keyword \"unique"),
                e.getMessage());
        var both = assertThrows(BadRequestException.class,
                () -> chat("\"response_format\":{\"type\":\"json_object\"},\"guided_regex\":\"a\""));
        assertEquals("guided_regex", both.param());
        var grammar = assertThrows(BadRequestException.class, () -> chat("\"guided_grammar\":\"root ::= x\""));
        assertTrue(grammar.getMessage().contains("is not supported: use json, regex or choice"), grammar.getMessage());
    }
}
