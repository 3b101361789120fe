package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.TokenGrammar;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms that are made to take for ever: they work, or are refused by the name of a limit, in bounded time. */
class HostileFormsTest {
    /** Long enough for any machine; what has no bound takes longer than anyone waits. */
    private static final Duration BOUND = Duration.ofMinutes(3);

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Grammars grammars = Walk.grammars();

    private void assertWorks(OutputForm form) {
        assertTimeoutPreemptively(BOUND, () -> {
            TokenGrammar grammar = grammars.compile(form, Reasoning.NONE);
            Random random = new Random(1);
            for (int i = 0; i < 3; i++) {
                Walk.random(grammar, random, 60).bytes();
            }
        });
    }

    private void assertRefused(OutputForm form, String reason) {
        assertTimeoutPreemptively(BOUND, () -> {
            var e = assertThrows(InputException.class, () -> grammars.compile(form, Reasoning.NONE));
            assertTrue(e.getMessage().contains(reason), e.getMessage());
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)x", "((a?){50}){50}b", "x{1,100000}y",
        "(x|xx){1,100000}y", "[ab]*a[ab]{24}", "(\\w{1,900}\\W{1,900}){1,900}", "(((a{0,9}){0,9}){0,9}){0,9}",
        "(a?){1000}a{1000}"})
    void catastrophicExpressions(String regex) {
        assertWorks(new OutputForm.Pattern(regex));
    }

    @Test
    void longExpressions() {
        assertRefused(new OutputForm.Pattern("a".repeat(1 << 15)), "may have 16384");
        assertWorks(new OutputForm.Pattern("a?".repeat(2000)));
        assertRefused(new OutputForm.Pattern("(".repeat(500) + "a" + ")".repeat(500)), "more than 100 deep");
        assertRefused(new OutputForm.Pattern("\\W".repeat(8000)), "takes more than");
        String nested = "a*";
        for (int i = 0; i < 60; i++) {
            nested = "(" + nested + "b*)*";
        }
        String deep = nested;
        assertTimeoutPreemptively(BOUND, () -> {
            try {
                grammars.compile(new OutputForm.Pattern(deep), Reasoning.NONE);
            } catch (InputException e) {
                assertTrue(e.getMessage().contains("takes more than"), e.getMessage());
            }
        });
    }

    @Test
    void hugeLists() {
        ObjectNode schema = JSON.objectNode();
        ArrayNode values = schema.putArray("enum");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            values.add("value number " + i * 7919);
            texts.add("text " + i);
        }
        assertWorks(new OutputForm.JsonSchema(schema));
        assertWorks(new OutputForm.OneOf(texts));
        for (int i = 0; i < 10_001; i++) {
            values.add(i);
        }
        assertRefused(new OutputForm.JsonSchema(schema), "enum has 20001 values and may have 20000");
        ObjectNode branches = JSON.objectNode();
        for (int i = 0; i < 3000; i++) {
            branches.withArray("anyOf").addObject().put("const", i);
        }
        assertWorks(new OutputForm.JsonSchema(branches));
        ObjectNode object = JSON.objectNode();
        for (int i = 0; i < SchemaCompiler.MAX_PROPERTIES; i++) {
            object.withObject("/properties").putObject("p" + i).put("type", "string");
        }
        assertWorks(new OutputForm.JsonSchema(object));
        object.withObject("/properties").putObject("one more");
        assertRefused(new OutputForm.JsonSchema(object), "an object has 513 properties and may have 512");
    }

    @Test
    void deepSchemas() {
        ObjectNode deep = JSON.objectNode();
        ObjectNode inner = deep;
        for (int i = 0; i < 900; i++) {
            inner = inner.putObject("items");
        }
        assertRefused(new OutputForm.JsonSchema(deep), "schemas are nested more than 64 deep");
        ObjectNode all = JSON.objectNode();
        inner = all;
        for (int i = 0; i < 300; i++) {
            inner = inner.putArray("allOf").addObject();
        }
        assertRefused(new OutputForm.JsonSchema(all), "nested more than 64 deep");
        ObjectNode loop = JSON.objectNode().put("$ref", "#/$defs/a");
        loop.putObject("$defs").putObject("a").put("$ref", "#/$defs/a");
        assertRefused(new OutputForm.JsonSchema(loop), "permits no output at all");
    }

    /** Each definition names the next one twice: 2^20 places, were they written out. */
    @Test
    void doublingReferences() {
        ObjectNode schema = JSON.objectNode().put("$ref", "#/$defs/d0");
        ObjectNode definitions = schema.putObject("$defs");
        for (int i = 0; i < 20; i++) {
            ObjectNode definition = definitions.putObject("d" + i);
            if (i < 19) {
                definition.putArray("anyOf").add(JSON.objectNode().put("$ref", "#/$defs/d" + (i + 1)))
                        .add(JSON.objectNode().put("$ref", "#/$defs/d" + (i + 1)));
            } else {
                definition.put("type", "null");
            }
        }
        assertWorks(new OutputForm.JsonSchema(schema));
    }

    @Test
    void nestingHasABound() {
        TokenGrammar grammar = grammars.compile(new OutputForm.JsonObject(), Reasoning.NONE);
        String open = "{\"a\":" + "[".repeat(90);
        assertTrue(Walk.accepts(grammar, open + "]".repeat(90) + "}"));
        assertFalse(Walk.accepts(grammar, open + "[".repeat(10) + "]".repeat(100) + "}"));
    }

    /** When what is known must be forgotten, sequences go on, and the masks are the same. */
    @Test
    void forgettingChangesNothing() {
        var form = new OutputForm.JsonSchema(SchemaJudge.json("{\"type\":\"string\",\"maxLength\":100000}"));
        var grammar = (CompiledGrammar) grammars.compile(form, Reasoning.NONE);
        TokenGrammar.State state = grammar.start().after(Walk.TOKENIZER.idOf("\"").orElseThrow());
        int letter = Walk.TOKENIZER.idOf("a").orElseThrow();
        int numWords = (Walk.TOKENIZER.vocabSize() + 31) / 32;
        int[] before = new int[numWords];
        int[] after = new int[numWords];
        state.fillMask(before, 0, numWords);
        for (int i = 0; i < 2 * Automaton.MAX_STATES; i++) {
            state = state.after(letter);
        }
        state.fillMask(after, 0, numWords);
        assertTrue(grammar.automaton().numFlushes() > 0);
        assertTrue(grammar.automaton().numStates() <= Automaton.MAX_STATES);
        assertEquals(java.util.Arrays.hashCode(before), java.util.Arrays.hashCode(after));
    }
}
