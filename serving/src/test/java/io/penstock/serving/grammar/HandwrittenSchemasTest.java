package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.TokenGrammar;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas of every kind that is supported: what is written is valid, and what is valid can be written. */
class HandwrittenSchemasTest {
    private static final int NUM_OUTPUTS = 25;
    private static final int MAX_TOKENS = 600;

    private final Grammars grammars = Walk.grammars();

    static List<String> schemas() {
        return SchemaJudge.schemas();
    }

    private TokenGrammar compile(String schema) {
        return grammars.compile(new OutputForm.JsonSchema(SchemaJudge.json(schema)), Reasoning.NONE);
    }

    @Test
    void thereAreEnough() {
        assertTrue(schemas().size() >= 60);
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void whatIsWrittenIsValid(String schema) {
        TokenGrammar grammar = compile(schema);
        var judge = new SchemaJudge(SchemaJudge.json(schema));
        Random random = new Random(schema.hashCode());
        int numWhole = 0;
        for (int i = 0; i < NUM_OUTPUTS; i++) {
            Walk.Output output = Walk.random(grammar, random, MAX_TOKENS);
            if (output.isWhole()) {
                numWhole++;
                assertEquals("", judge.objection(output.text()), output.text());
            }
        }
        assertTrue(numWhole > NUM_OUTPUTS / 2, numWhole + " came to an end");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"type":"object"}                                    | {"a": [1, {"b": null}], "c": "\\ud83d\\ude00"}
            {"type":"number"}                                    | -12.5e-3
            {"type":"string","maxLength":2}                      | "😀é"
            {"type":"string","maxLength":1}                      | "\\ud83d\\ude00"
            {"type":"string","pattern":"b"}                      | "abc"
            {"type":"string","pattern":"^a.c$"}                  | "a\\"c"
            {"type":"integer","minimum":5,"maximum":1234}        | 1234
            {"type":"integer","minimum":5,"maximum":1234}        | 5
            {"type":"number","minimum":0.125,"maximum":2}        | 0.125
            {"type":"number","minimum":0.125,"maximum":2}        | 2.000
            {"type":"number","exclusiveMinimum":0,"maximum":2}   | 0.0000000000000001
            {"type":"number","minimum":-3,"maximum":-0.5}        | -0.5
            {"type":"number","multipleOf":0.05}                  | -17.35
            {"type":"integer","multipleOf":37}                   | 999999999999999999
            {"type":"array","items":{"type":"integer"}}          | [1,2, 3]
            {"type":"array","items":{"type":"integer"}}          | []
            {"properties":{"a":{},"b":{},"c":{}}}                | {"b": 1}
            {"properties":{"a":{},"b":{}},"additionalProperties":true} | {"a": 1, "ab": 2, "q": 3}
            {"properties":{"a":{},"b":{}},"additionalProperties":true} | {"z": 1}
            {"enum":[1.5,"x"]}                                   | 1.5
            {"anyOf":[{"type":"null"},{"const":"null"}]}         | "null"
            """)
    void whatIsValidCanBeWritten(String schema, String text) {
        TokenGrammar grammar = compile(schema);
        assertTrue(Walk.acceptsBytes(grammar, text), text);
        assertTrue(Walk.accepts(grammar, text), text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"type":"object"}                                    | [1]
            {"type":"object"}                                    | {"a":1,}
            {"type":"array"}                                     | [1,]
            {"type":"number"}                                    | 01
            {"type":"number"}                                    | 1.
            {"type":"number"}                                    | .5
            {"type":"number"}                                    | +1
            {"type":"integer"}                                   | 1.0
            {"type":"string"}                                    | "\\ud83d"
            {"type":"string"}                                    | "\\ude00\\ud83d"
            {"type":"string"}                                    | "a\\x"
            {"type":"string","maxLength":2}                      | "abc"
            {"type":"string","minLength":2}                      | "a"
            {"type":"integer","minimum":5,"maximum":1234}        | 1235
            {"type":"integer","minimum":5,"maximum":1234}        | 4
            {"type":"number","exclusiveMinimum":0,"maximum":2}   | 0.0
            {"type":"number","exclusiveMinimum":0,"maximum":2}   | 2.0000000000000001
            {"type":"number","multipleOf":0.05}                  | 0.07
            {"type":"integer","multipleOf":37}                   | 38
            {"properties":{"a":{},"b":{}}}                       | {"b":1,"a":1}
            {"properties":{"a":{},"b":{}}}                       | {"a":1,"c":1}
            {"properties":{"a":{}},"additionalProperties":true}  | {"c":1,"a":1}
            {"properties":{"a":{}},"required":["a"]}             | {}
            {"type":"string","pattern":"^[a-c]$"}                | "d"
            {"type":"object","unevaluatedProperties":false}      | {"a":1}
            """)
    void whatIsInvalidCannot(String schema, String text) {
        TokenGrammar grammar = compile(schema);
        assertFalse(Walk.acceptsBytes(grammar, text), text);
        assertFalse(Walk.accepts(grammar, text), text);
    }
}
