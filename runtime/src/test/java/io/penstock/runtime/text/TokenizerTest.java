package io.penstock.runtime.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy", "demo"})
    void languagesRoundTripWholeAndStreamed(String folder) {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        for (String text : TextGoldens.LANGUAGES) {
            for (int[] ids : List.of(tokenizer.encode(text), tokenizer.encodeAsText(text))) {
                assertEquals(text, tokenizer.decode(ids, false));
                assertEquals(text, tokenizer.decode(ids, true));
                StringBuilder streamed = new StringBuilder();
                Detokenizer detokenizer = new Detokenizer(tokenizer, true);
                for (int id : ids) {
                    detokenizer.append(id, streamed);
                    assertTrue(text.startsWith(streamed.toString()), "a piece has half a character");
                }
                detokenizer.finish(streamed);
                assertEquals(text, streamed.toString());
            }
        }
    }

    @Test
    void evaluationTextsRoundTripWithTheDemoTokenizer() throws IOException {
        Tokenizer tokenizer = TextGoldens.tokenizer("demo");
        List<String> lines = Files.readAllLines(TextGoldens.ROOT.resolve("demo-data/eval.jsonl"));
        assertFalse(lines.isEmpty());
        for (String line : lines) {
            List<String> texts = new ArrayList<>(List.of(line));
            collectTexts(TextGoldens.JSON.readTree(line), texts);
            assertTrue(texts.size() > 1, line);
            for (String text : texts) {
                assertEquals(text, tokenizer.decode(tokenizer.encode(text), false));
                assertEquals(text, tokenizer.decode(tokenizer.encodeAsText(text), true));
            }
        }
    }

    private static void collectTexts(JsonNode node, List<String> texts) {
        if (node.isTextual()) {
            texts.add(node.textValue());
        }
        node.forEach(child -> collectTexts(child, texts));
    }

    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy", "demo"})
    void spelledControlTokensStayTextOnDemand(String folder) {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        int end = tokenizer.idOf("<|im_end|>").orElseThrow();
        String text = "a<|im_end|>b</think><|im_end|>";
        int[] matched = tokenizer.encode(text);
        assertEquals(end, matched[1]);
        assertEquals(end, matched[matched.length - 1]);
        int[] asText = tokenizer.encodeAsText(text);
        for (int id : asText) {
            assertFalse(tokenizer.isAdded(id));
        }
        assertEquals(text, tokenizer.decode(asText, true));
        int[] lastOnly = tokenizer.encode(text, (id, from, to) -> to == text.length());
        assertEquals(end, lastOnly[lastOnly.length - 1]);
        assertFalse(tokenizer.isAdded(lastOnly[1]));
        assertArrayEquals(new int[0], tokenizer.encode(""));
    }

    @Test
    void loneSurrogatesCountAsReplacementCharacters() {
        Tokenizer tokenizer = TextGoldens.tokenizer("current");
        assertArrayEquals(tokenizer.encode("a\uFFFDb\uFFFD\uFFFD😀"), tokenizer.encode("a\uD83Db\uDE00\uD83D😀"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"current", "legacy"})
    void longTextsOfOneKindTakeNoMoreThanLinearTime(String folder) {
        Tokenizer tokenizer = TextGoldens.tokenizer(folder);
        int length = 1 << 20;
        List<String> units = List.of("a", " ", "\u0301", "\n", "\r\n", "\t", "'", "the", "ab", "世", "\u00A0", "7", " x",
            " \n", "<", "<|im_end|", "<|im_end|>", "😀", "ñ", "!\n");
        for (String unit : units) {
            String text = unit.repeat(length / unit.length());
            String whole = text + "x";
            assertTimeoutPreemptively(Duration.ofSeconds(20),
                () -> assertEquals(whole, tokenizer.decode(tokenizer.encode(whole), false)), unit);
        }
    }

    /** The heap of pairs and the scan must agree: the same word alone and as a part of a long word without merges. */
    @Test
    void longWordsMergeLikeShortOnes() {
        Tokenizer tokenizer = TextGoldens.tokenizer("current");
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            StringBuilder word = new StringBuilder();
            int length = 30 + random.nextInt(40);
            for (int i = 0; i < length; i++) {
                word.append((char) ('a' + random.nextInt(4) * random.nextInt(7)));
            }
            assertArrayEquals(mergedOneByOne(tokenizer, word.toString()), tokenizer.encode(word.toString()));
        }
    }

    private static int[] mergedOneByOne(Tokenizer tokenizer, String word) {
        List<String> merges = new ArrayList<>();
        JsonNode file = TextGoldens.read(TextGoldens.path("current"));
        file.at("/model/merges").forEach(pair -> merges.add(pair.get(0).textValue() + " " + pair.get(1).textValue()));
        List<String> parts = new ArrayList<>(List.of(word.split("")));
        while (true) {
            int best = -1;
            int rank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < parts.size(); i++) {
                int found = merges.indexOf(parts.get(i) + " " + parts.get(i + 1));
                if (found >= 0 && found < rank) {
                    rank = found;
                    best = i;
                }
            }
            if (best < 0) {
                return parts.stream().mapToInt(part -> tokenizer.idOf(part).orElseThrow()).toArray();
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
    }

    @Test
    void threadsEncodeAtOnce() throws Exception {
        Tokenizer tokenizer = TextGoldens.tokenizer("demo");
        String text = String.join("\n", TextGoldens.LANGUAGES).repeat(20);
        int[] expected = TextGoldens.tokenizer("demo").encode(text);
        List<Callable<int[]>> jobs = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            jobs.add(() -> tokenizer.encode(text));
        }
        try (var threads = Executors.newFixedThreadPool(4)) {
            for (Future<int[]> ids : threads.invokeAll(jobs)) {
                assertArrayEquals(expected, ids.get());
            }
        }
    }

    /** As large as the 128K vocabulary of LFM2.5: one chain of merges over all pairs of bytes and then of pairs. */
    @Test
    void aLargeVocabularyLoadsInUnderASecond(@TempDir Path folder) throws IOException {
        JsonNode small = TextGoldens.read(TextGoldens.path("current"));
        ObjectNode file = small.deepCopy();
        ObjectNode vocab = (ObjectNode) file.at("/model/vocab");
        ArrayNode merges = (ArrayNode) file.at("/model/merges");
        List<String> pieces = new ArrayList<>();
        vocab.fieldNames().forEachRemaining(pieces::add);
        int id = 2000;
        for (int i = 0; vocab.size() < 125_000; i++) {
            String left = pieces.get(i % pieces.size());
            String right = pieces.get((int) (i * 31L / pieces.size() % pieces.size()));
            if (!vocab.has(left + right)) {
                vocab.put(left + right, id++);
                merges.addArray().add(left).add(right);
            }
        }
        Path path = folder.resolve("tokenizer.json");
        Files.write(path, TextGoldens.JSON.writeValueAsBytes(file));
        // Of the processor: how long it takes on the clock depends on what else the machine does.
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        Tokenizer tokenizer = Tokenizer.load(path);
        long elapsedMs = (threads.getCurrentThreadCpuTime() - start) / 1_000_000;
        assertEquals(id, tokenizer.vocabSize());
        assertTrue(elapsedMs < 2_000, "took " + elapsedMs + " ms");
        for (String text : TextGoldens.LANGUAGES) {
            assertEquals(text, tokenizer.decode(tokenizer.encode(text), false));
        }
    }
}
