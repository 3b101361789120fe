package io.penstock.runtime.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every case of goldens/tokenizer. */
class TokenizerGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy"})
    void textsGiveTheirIdsAndWords(String folder) {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        JsonNode texts = TextGoldens.cases(folder).get("texts");
        assertTrue(texts.size() > 200);
        for (JsonNode one : texts) {
            String text = one.get("text").textValue();
            assertArrayEquals(TextGoldens.ints(one.get("ids")), tokenizer.encode(text), text);
            assertEquals(TextGoldens.strings(one.get("words")), tokenizer.words(text), text);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy"})
    void idsGiveTheirTextWholeAndStreamed(String folder) {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        JsonNode cases = TextGoldens.cases(folder);
        for (String kind : List.of("texts", "sequences")) {
            for (JsonNode one : cases.get(kind)) {
                int[] ids = TextGoldens.ints(one.get("ids"));
                assertEquals(one.get("decoded").textValue(), tokenizer.decode(ids, false));
                assertEquals(one.get("decoded_skip_special").textValue(), tokenizer.decode(ids, true));
                checkStream(tokenizer, ids, false, one.get("stream"), one.get("stream_end"));
                checkStream(tokenizer, ids, true, one.get("stream_skip_special"), one.get("stream_skip_special_end"));
            }
        }
    }

    private static void checkStream(Tokenizer tokenizer, int[] ids, boolean skipSpecial, JsonNode pieces,
                                    JsonNode end) {
        Detokenizer detokenizer = new Detokenizer(tokenizer, skipSpecial);
        List<String> actual = new ArrayList<>();
        for (int id : ids) {
            StringBuilder piece = new StringBuilder();
            detokenizer.append(id, piece);
            actual.add(piece.toString());
        }
        StringBuilder last = new StringBuilder();
        detokenizer.finish(last);
        assertEquals(TextGoldens.strings(pieces), actual);
        assertEquals(end.textValue(), last.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy"})
    void sizeAndSpecialIds(String folder) {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        JsonNode cases = TextGoldens.cases(folder);
        assertEquals(cases.get("vocab_size").intValue(), tokenizer.vocabSize());
        assertEquals(cases.get("vocab_size").intValue(), tokenizer.numTokens());
        int[] special = IntStream.range(-5, tokenizer.vocabSize() + 5).filter(tokenizer::isSpecial).toArray();
        assertArrayEquals(TextGoldens.ints(cases.get("special_ids")), special);
        for (int id = 0; id < tokenizer.vocabSize(); id++) {
            assertEquals(id, tokenizer.idOf(tokenizer.token(id)).orElseThrow());
        }
        assertTrue(tokenizer.idOf("<|no such token|>").isEmpty());
        assertEquals(0, tokenizer.bytes(tokenizer.vocabSize()).length);
        assertEquals(0, tokenizer.bytes(-1).length);
    }

    @Test
    void addedIsNotSpecial() {
        Tokenizer tokenizer = TextGoldens.tokenizer("legacy");
        int think = tokenizer.idOf("<think>").orElseThrow();
        assertTrue(tokenizer.isAdded(think));
        assertFalse(tokenizer.isSpecial(think));
        assertFalse(tokenizer.isAdded(tokenizer.encode("a")[0]));
    }

    /** The classes of the expressions in the files, on every code point that the reference counts. */
    @Test
    void characterClassesAreUnicodes() {
        JsonNode classes = TextGoldens.read(TextGoldens.ROOT.resolve("goldens/tokenizer/char-classes.json"));
        for (String name : List.of("L", "N", "s")) {
            var pattern = WordSplitter.compile(name.equals("s") ? "\\s" : "\\p{" + name + "}");
            JsonNode ranges = classes.get(name);
            assertFalse(ranges.isEmpty());
            int range = 0;
            for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
                if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                    continue;
                }
                while (range < ranges.size() && ranges.get(range).get(1).intValue() < codePoint) {
                    range++;
                }
                boolean expected = range < ranges.size() && ranges.get(range).get(0).intValue() <= codePoint;
                boolean actual = pattern.matcher(Character.toString(codePoint)).matches();
                assertEquals(expected, actual, () -> name);
            }
        }
    }
}
