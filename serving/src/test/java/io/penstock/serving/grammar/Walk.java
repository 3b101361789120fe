package io.penstock.serving.grammar;

import io.penstock.runtime.TokenGrammar;
import io.penstock.runtime.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** The demo model's vocabulary, and a model that draws any permitted token. */
public final class Walk {
    static final Tokenizer TOKENIZER = Tokenizer.load(Path.of(System.getProperty("basedir", ".")).toAbsolutePath()
            .resolve("../models/penstock-demo/tokenizer.json").normalize());
    static final int END = TOKENIZER.idOf("<|im_end|>").orElseThrow();
    static final TokenTrie TRIE = new TokenTrie(TOKENIZER, new int[] {END});

    private static final List<String> CLOSING = List.of("\"", "}", "]", ")", "\"}", "}}");
    private static final int NUM_WORDS = (TOKENIZER.vocabSize() + 31) / 32;

    private Walk() {}

    public static Grammars grammars() {
        return new Grammars(TRIE, name -> name.matches("[\\w.-]+"));
    }

    /** What was written, and whether it came to its end. */
    record Output(byte[] bytes, boolean isWhole) {
        /** Refuses broken UTF-8. */
        String text() {
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            } catch (CharacterCodingException e) {
                throw new AssertionError("broken UTF-8: " + new String(bytes, StandardCharsets.UTF_8), e);
            }
        }
    }

    /** Draws tokens: all alike at first, later those that close something when they are permitted. */
    static Output random(TokenGrammar grammar, Random random, int maxTokens) {
        var out = new ByteArrayOutputStream();
        TokenGrammar.State state = grammar.start();
        int numFree = random.nextInt(40);
        int[] words = new int[NUM_WORDS];
        for (int i = 0; i < maxTokens; i++) {
            state.fillMask(words, 0, NUM_WORDS);
            int tokenId = i < numFree || random.nextInt(4) == 0 ? draw(words, random) : closing(words, random);
            if (tokenId == END) {
                return new Output(out.toByteArray(), true);
            }
            byte[] text = TOKENIZER.bytes(tokenId);
            out.write(text, 0, text.length);
            state = state.after(tokenId);
            if (state == null) {
                throw new AssertionError("token " + tokenId + " was permitted and is not behind " + out);
            }
        }
        return new Output(out.toByteArray(), false);
    }

    /** A text that begins with the bytes and that the grammar takes, with as little more as comes to hand. */
    static String finished(TokenGrammar grammar, byte[] begun, Random random) {
        Automaton automaton = ((CompiledGrammar) grammar).automaton();
        Automaton.State state = automaton.start();
        var out = new ByteArrayOutputStream();
        out.writeBytes(begun);
        for (byte value : begun) {
            state = automaton.after(state, value & 0xFF);
        }
        for (int i = 0; !state.accepts; i++) {
            if (i == 5000) {
                throw new AssertionError("no end behind " + out);
            }
            int value = "\"}],:0a".charAt(Math.min(i == 0 ? 0 : random.nextInt(7), 6));
            for (int tries = 0; automaton.after(state, value) == automaton.dead(); tries++) {
                value = tries < 7 ? "\"}],:0a".charAt(tries) : random.nextInt(256);
            }
            out.write(value);
            state = automaton.after(state, value);
        }
        return new Output(out.toByteArray(), true).text();
    }

    private static boolean has(int[] words, int tokenId) {
        return (words[tokenId >>> 5] >>> tokenId & 1) != 0;
    }

    private static int draw(int[] words, Random random) {
        int count = 0;
        for (int word : words) {
            count += Integer.bitCount(word);
        }
        if (count == 0) {
            throw new AssertionError("no token is permitted");
        }
        int left = random.nextInt(count);
        for (int id = 0;; id++) {
            if (has(words, id) && left-- == 0) {
                return id;
            }
        }
    }

    private static int closing(int[] words, Random random) {
        if (has(words, END)) {
            return END;
        }
        int first = random.nextInt(CLOSING.size());
        for (int i = 0; i < CLOSING.size(); i++) {
            int id = TOKENIZER.idOf(CLOSING.get((first + i) % CLOSING.size())).orElse(END);
            if (has(words, id)) {
                return id;
            }
        }
        return draw(words, random);
    }

    /** Whether a grammar takes a text as the model's tokenizer cuts it, and takes the end behind it. */
    static boolean accepts(TokenGrammar grammar, String text) {
        TokenGrammar.State state = grammar.start();
        int[] words = new int[NUM_WORDS];
        for (int id : TOKENIZER.encodeAsText(text)) {
            state.fillMask(words, 0, NUM_WORDS);
            TokenGrammar.State next = state.after(id);
            if (has(words, id) != (next != null)) {
                throw new AssertionError("mask and step differ at token " + id + " of " + text);
            }
            if (next == null) {
                return false;
            }
            state = next;
        }
        state.fillMask(words, 0, NUM_WORDS);
        return has(words, END);
    }

    /** Whether a grammar's automaton takes a text byte by byte. */
    static boolean acceptsBytes(TokenGrammar grammar, String text) {
        Automaton automaton = ((CompiledGrammar) grammar).automaton();
        Automaton.State state = automaton.start();
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            state = automaton.after(state, value & 0xFF);
        }
        return state.accepts;
    }
}
