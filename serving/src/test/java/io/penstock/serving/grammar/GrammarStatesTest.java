package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.runtime.TokenGrammar;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Masks against the automaton, token by token; thinking in front of an answer; what is kept and what it costs. */
class GrammarStatesTest {
    private static final int THINK = Walk.TOKENIZER.idOf("<think>").orElseThrow();
    private static final int THINK_END = Walk.TOKENIZER.idOf("</think>").orElseThrow();
    private static final int NUM_WORDS = (Walk.TOKENIZER.vocabSize() + 31) / 32;
    private static final OutputForm PERSON = new OutputForm.JsonSchema(SchemaJudge.json("""
            {"type":"object","properties":{"name":{"type":"string","maxLength":40},"age":{"type":"integer"},
            "tags":{"type":"array","items":{"enum":["a","b","long tag"]}}},"required":["name","age","tags"]}"""));

    private final Grammars grammars = Walk.grammars();

    private static boolean permits(TokenGrammar.State state, int tokenId) {
        int[] words = new int[NUM_WORDS];
        state.fillMask(words, 0, NUM_WORDS);
        return (words[tokenId >>> 5] >>> tokenId & 1) != 0;
    }

    @Test
    void masksSayWhatStepsDo() {
        Random random = new Random(3);
        for (OutputForm form : List.of(PERSON, new OutputForm.JsonObject(), new OutputForm.Pattern("(é|日){2}x*"))) {
            TokenGrammar grammar = grammars.compile(form, Reasoning.NONE);
            TokenGrammar.State state = grammar.start();
            for (int i = 0; i < 40; i++) {
                int[] words = new int[NUM_WORDS];
                state.fillMask(words, 0, NUM_WORDS);
                int chosen = -1;
                for (int id = 0; id < Walk.TOKENIZER.vocabSize(); id++) {
                    boolean isPermitted = (words[id >>> 5] >>> id & 1) != 0;
                    if (id != Walk.END) {
                        assertEquals(isPermitted, state.after(id) != null, "token " + id);
                        chosen = isPermitted && (chosen < 0 || random.nextInt(20) == 0) ? id : chosen;
                    }
                }
                if (chosen < 0) {
                    break;
                }
                state = state.after(chosen);
            }
        }
    }

    @Test
    void thinkingMayComeFirst() {
        TokenGrammar grammar = grammars.compile(new OutputForm.OneOf(List.of("yes", "no")), Reasoning.POSSIBLE);
        int word = Walk.TOKENIZER.encodeAsText("maybe")[0];
        TokenGrammar.State start = grammar.start();
        assertTrue(permits(start, THINK));
        assertFalse(permits(start, word));
        assertTrue(permits(start, Walk.TOKENIZER.idOf("yes").orElse(Walk.TOKENIZER.encodeAsText("y")[0])));
        TokenGrammar.State thinking = start.after(THINK);
        assertTrue(permits(thinking, word));
        assertFalse(permits(thinking, Walk.END), "a thought is no answer");
        assertNull(thinking.after(Walk.END));
        assertSame(thinking, thinking.after(word));
        TokenGrammar.State answer = thinking.after(word).after(THINK_END);
        assertFalse(permits(answer, THINK), "once");
        assertFalse(permits(answer, word));
        assertNull(answer.after(word));
        for (int id : Walk.TOKENIZER.encodeAsText("no")) {
            answer = answer.after(id);
        }
        assertTrue(permits(answer, Walk.END));
    }

    @Test
    void aPromptMayEndInThinking() {
        TokenGrammar grammar = grammars.compile(PERSON, Reasoning.BEGUN);
        assertFalse(permits(grammar.start(), Walk.END));
        assertTrue(permits(grammar.start(), THINK_END));
        assertNotNull(grammar.start().after(THINK_END).after(Walk.TOKENIZER.idOf("{").orElseThrow()));
    }

    @Test
    void equalFormsAreCompiledOnce() {
        TokenGrammar grammar = grammars.compile(PERSON, Reasoning.NONE);
        assertSame(grammar, grammars.compile(new OutputForm.JsonSchema(
                ((OutputForm.JsonSchema) PERSON).schema().deepCopy()), Reasoning.NONE));
        assertNotSame(grammar, grammars.compile(PERSON, Reasoning.POSSIBLE));
        for (int i = 0; i < Grammars.MAX_KEPT; i++) {
            grammars.compile(new OutputForm.Pattern("a" + i), Reasoning.NONE);
        }
        assertNotSame(grammar, grammars.compile(PERSON, Reasoning.NONE), "forgotten");
    }

    @Test
    void thePlacesOfALongStringShareAMask() {
        TokenGrammar grammar = grammars.compile(new OutputForm.JsonSchema(
                SchemaJudge.json("{\"type\":\"string\",\"maxLength\":1000}")), Reasoning.NONE);
        TokenGrammar.State state = grammar.start().after(Walk.TOKENIZER.idOf("\"").orElseThrow());
        int letter = Walk.TOKENIZER.idOf("a").orElseThrow();
        Object key = state.maskKey();
        for (int i = 0; i < 900; i++) {
            state = state.after(letter);
            assertSame(key, state.maskKey());
        }
        for (int i = 900; i < 999; i++) {
            state = state.after(letter);
        }
        assertNotSame(key, state.maskKey());
        assertTrue(permits(state, letter));
        assertFalse(permits(state.after(letter), letter));
    }

    /** Any place in an output is on the way to a whole one: what a limit cuts off is a beginning of something valid. */
    @Test
    void whatIsCutCanBeFinished() {
        TokenGrammar grammar = grammars.compile(PERSON, Reasoning.NONE);
        var judge = new SchemaJudge(((OutputForm.JsonSchema) PERSON).schema());
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            var cut = Walk.random(grammar, random, 1 + random.nextInt(60));
            if (!cut.isWhole()) {
                var whole = Walk.finished(grammar, cut.bytes(), random);
                assertEquals("", judge.objection(whole), whole);
            }
        }
    }

    /** However little is done at a time, and whoever asks in between: the masks are those of a grammar of its own. */
    @Test
    void masksAreComputedInPieces() {
        for (int piece : new int[] {1, 97, 5_000}) {
            TokenGrammar grammar = Walk.grammars().compile(PERSON, Reasoning.POSSIBLE);
            TokenGrammar.State state = grammar.start();
            TokenGrammar.State whole = Walk.grammars().compile(PERSON, Reasoning.POSSIBLE).start();
            TokenGrammar.State before = state;
            int numWaits = 0;
            for (int id : Walk.TOKENIZER.encodeAsText("{\"name\": \"Ada\", \"age\": 36, \"tags\": [\"a\"]}")) {
                while (state.prepareMask(piece) < 0) {
                    numWaits++;
                    before.prepareMask(piece / 2);
                }
                int[] words = new int[NUM_WORDS];
                state.fillMask(words, 0, NUM_WORDS);
                int[] expected = new int[NUM_WORDS];
                whole.fillMask(expected, 0, NUM_WORDS);
                assertArrayEquals(expected, words);
                assertEquals(piece, state.prepareMask(piece), "it is there");
                before = state.after(id);
                state = before;
                whole = whole.after(id);
            }
            assertTrue(numWaits > 0, numWaits + " waits for pieces of " + piece);
        }
    }

    @Test
    void aStepAllocatesNothing() {
        TokenGrammar grammar = grammars.compile(PERSON, Reasoning.POSSIBLE);
        int[] ids = Walk.TOKENIZER.encodeAsText(
                "{\"name\": \"Ada Lovelace\", \"age\": 36, \"tags\": [\"a\", \"long tag\"]}");
        int[] words = new int[NUM_WORDS];
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 60 && allocated != 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long overhead = threads.getCurrentThreadAllocatedBytes() - before;
            before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 50; i++) {
                walk(grammar, ids, words);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
        }
        assertEquals(0, allocated, "bytes in 50 outputs");
    }

    private static void walk(TokenGrammar grammar, int[] ids, int[] words) {
        TokenGrammar.State state = grammar.start();
        for (int id : ids) {
            state.maskKey();
            state.fillMask(words, 0, NUM_WORDS);
            state = state.after(id);
        }
    }
}
