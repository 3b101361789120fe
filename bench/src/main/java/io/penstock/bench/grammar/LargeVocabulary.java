package io.penstock.bench.grammar;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A tokenizer with more tokens than a small model's: its own, and pairs and triples of them. */
final class LargeVocabulary {
    private static final int MOST_CHARS = 24;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private LargeVocabulary() {}

    /** @param tokenizerJson the small model's file, of byte-level BPE */
    static Tokenizer of(Path tokenizerJson, int numTokens) {
        try {
            ObjectNode file = (ObjectNode) MAPPER.readTree(tokenizerJson.toFile());
            ObjectNode vocabulary = (ObjectNode) file.get("model").get("vocab");
            List<String> own = new ArrayList<>();
            vocabulary.fieldNames().forEachRemaining(own::add);
            int next = own.size() + file.get("added_tokens").size();
            var random = new SplittableRandom(1);
            while (next < numTokens) {
                StringBuilder text = new StringBuilder(own.get(random.nextInt(own.size())));
                for (int i = random.nextInt(2); i >= 0; i--) {
                    text.append(own.get(random.nextInt(own.size())));
                }
                if (text.length() <= MOST_CHARS && !vocabulary.has(text.toString())) {
                    vocabulary.put(text.toString(), next++);
                }
            }
            Path written = Files.createTempFile("tokenizer", ".json");
            try {
                MAPPER.writeValue(written.toFile(), file);
                return Tokenizer.load(written);
            } finally {
                Files.delete(written);
            }
        } catch (IOException e) {
            throw new InputException("the vocabulary cannot be made from " + tokenizerJson + ": " + e.getMessage(), e);
        }
    }
}
