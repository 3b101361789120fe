package io.penstock.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The conversations and templates that the tests of this package share. */
final class ChatGoldens {
    static final ObjectMapper JSON = new ObjectMapper();
    static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");

    private ChatGoldens() {
    }

    static JsonNode cases() {
        return read(ROOT.resolve("goldens/chat/cases.json"));
    }

    static ChatTemplate builtIn() {
        return new Lfm2ChatTemplate(Lfm2ChatTemplate.Generation.LFM2_5, "<|startoftext|>");
    }

    static ChatTemplate jinja() {
        return jinja(text(ROOT.resolve("goldens/chat/chat_template.jinja")));
    }

    static ChatTemplate jinja(String template) {
        return JinjaChatTemplate.parse("test", template, Map.of("bos_token", "<|startoftext|>"));
    }

    static ChatOptions options(JsonNode one) {
        JsonNode preserve = one.path("preserve_thinking");
        return new ChatOptions(one.get("add_generation_prompt").booleanValue(),
            preserve.isBoolean() ? preserve.booleanValue() : null, Map.of());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode read(Path path) {
        return json(text(path));
    }

    static String text(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
