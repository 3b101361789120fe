package io.penstock.runtime.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same ids as Hugging Face's tokenizers (through DJL's binding) on thousands of texts that nobody chose. */
class TokenizerDifferentialTest {
    private static final int NUM_TEXTS = 3000;

    private static final List<String> SEEDS = List.of("<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|tool_",
        "call_start|>", "'s", "'LL", "'ve", "'\u017F", "\r\n", "\n\n", "  ", "\t", "\u00A0", "\u3000", "\u200D", "123",
        "1234567", "١٢٣", "!!!", "...", "\"},{\"", "{\"a\": 1}", "e\u0301\u0327", "\uFFFD", "\u0000", "\u0085", "ß", "ﬁ", "Ω", "İ",
        "http://", "def f(x):\n    return x", " zyzzyva", "qwxz", "🏳️‍🌈", "👨‍👩‍👧", "🇳🇴",
        "\u1680", "\u2028", "Ⅷ", "½", "²");

    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy", "demo"})
    void idsAndTextsAgree(String folder) throws IOException {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        Random random = new Random(20_26);
        try (HuggingFaceTokenizer reference = HuggingFaceTokenizer.newInstance(TextGoldens.path(folder))) {
            int numIds = 0;
            for (int i = 0; i < NUM_TEXTS; i++) {
                String text = randomText(random);
                long[] expected = reference.encode(text, false, false).getIds();
                int[] ids = tokenizer.encode(text);
                assertArrayEquals(expected, Arrays.stream(ids).asLongStream().toArray(), () -> describe(text));
                assertEquals(text, tokenizer.decode(ids, false));
                numIds += ids.length;
            }
            assertTrue(numIds > NUM_TEXTS * 10, "the texts are too short to mean anything");
            for (int i = 0; i < NUM_TEXTS; i++) {
                int[] ids = random.ints(random.nextInt(12), 0, tokenizer.vocabSize()).toArray();
                long[] same = LongStream.of(Arrays.stream(ids).asLongStream().toArray()).toArray();
                assertEquals(reference.decode(same, false), tokenizer.decode(ids, false), () -> Arrays.toString(ids));
                assertEquals(reference.decode(same, true), tokenizer.decode(ids, true), () -> Arrays.toString(ids));
            }
        }
    }

    private static String describe(String text) {
        StringBuilder escaped = new StringBuilder("text ");
        text.chars().forEach(c -> escaped.append(c > 32 && c < 127 ? (char) c + "" : String.format("\\u%04X", c)));
        return escaped.toString();
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        int pieces = 1 + random.nextInt(12);
        for (int i = 0; i < pieces; i++) {
            switch (random.nextInt(6)) {
                case 0 -> text.append(SEEDS.get(random.nextInt(SEEDS.size())));
                case 1 -> {
                    String source = TextGoldens.LANGUAGES.get(random.nextInt(TextGoldens.LANGUAGES.size()));
                    int start = source.offsetByCodePoints(0, random.nextInt(source.codePointCount(0, source.length())));
                    int numLeft = source.codePointCount(start, source.length());
                    text.append(source, start, source.offsetByCodePoints(start, random.nextInt(numLeft + 1)));
                }
                case 2 -> text.append(" \n\r\t\u00A0".charAt(random.nextInt(5)));
                case 3 -> random.ints(1 + random.nextInt(9), 32, 127).forEach(text::appendCodePoint);
                case 4 -> text.appendCodePoint(anyCodePoint(random));
                default -> text.append(SEEDS.get(random.nextInt(SEEDS.size())).repeat(1 + random.nextInt(4)));
            }
        }
        return text.toString();
    }

    private static int anyCodePoint(Random random) {
        int limit = random.nextBoolean() ? 0x3000 : 0x30000;
        int codePoint = random.nextInt(limit);
        boolean surrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
        return surrogate ? 0xFFFD : codePoint;
    }
}
