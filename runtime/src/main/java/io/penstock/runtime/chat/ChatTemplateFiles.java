package io.penstock.runtime.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the chat template of a checkpoint and decides what renders it. */
final class ChatTemplateFiles {
    private static final Logger LOG = LoggerFactory.getLogger(ChatTemplateFiles.class);

    /**
     * SHA-256 of the template texts that the built-in LFM2.5 layout reproduces, line ends normalized and trailing white
     * space removed. Published templates were changed after release, some in one line, so nothing less than the whole
     * text decides.
     */
    private static final String LFM2_5 = "4a88684ba34b0c63ecb0b9c14e45c0652510a5517a17bf02b9e649c004d5c2d4";

    private static final String START_OF_TEXT = "<|startoftext|>";
    private static final String[] SPECIAL_TOKENS = {"bos_token", "eos_token", "pad_token", "unk_token"};

    private final Path checkpoint;

    ChatTemplateFiles(Path checkpoint) {
        this.checkpoint = checkpoint;
    }

    ChatTemplate load() {
        Path file = checkpoint.resolve("chat_template.jinja");
        JsonNode config = config();
        if (Files.exists(file)) {
            return of(file.toString(), read(file), config);
        }
        String text = templateText(config.path("chat_template"));
        if (text == null) {
            throw new InputException(checkpoint + ": the checkpoint has no chat template (chat_template.jinja, or "
                + "chat_template in tokenizer_config.json); give one with --chat-template lfm2.5, lfm2 or FILE");
        }
        return of(checkpoint.resolve("tokenizer_config.json").toString(), text, config);
    }

    ChatTemplate load(String nameOrFile) {
        JsonNode config = config();
        String bosToken = specialTokens(config).getOrDefault("bos_token", START_OF_TEXT);
        return switch (nameOrFile) {
            case "lfm2" -> new Lfm2ChatTemplate(Lfm2ChatTemplate.Generation.LFM2, bosToken);
            case "lfm2.5" -> new Lfm2ChatTemplate(Lfm2ChatTemplate.Generation.LFM2_5, bosToken);
            default -> of(nameOrFile, read(Path.of(nameOrFile)), config);
        };
    }

    private static ChatTemplate of(String name, String text, JsonNode config) {
        Map<String, String> specialTokens = specialTokens(config);
        String fingerprint = fingerprint(text);
        if (fingerprint.equals(LFM2_5)) {
            LOG.info("{}: a known text, rendered by the built-in LFM2.5 layout", name);
            return new Lfm2ChatTemplate(Lfm2ChatTemplate.Generation.LFM2_5,
                specialTokens.getOrDefault("bos_token", START_OF_TEXT));
        }
        LOG.info("{}: not a known text (SHA-256 {}), rendered by the Jinja engine", name, fingerprint);
        return JinjaChatTemplate.parse(name, text, specialTokens);
    }

    private static String fingerprint(String template) {
        String normalized = template.replace("\r\n", "\n").replace('\r', '\n').stripTrailing();
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(normalized.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every JDK", e);
        }
    }

    /** A template, or the one named "default" of several. */
    private static String templateText(JsonNode template) {
        if (template.isTextual()) {
            return template.textValue();
        }
        for (JsonNode named : template) {
            if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
                return named.get("template").textValue();
            }
        }
        return null;
    }

    private static Map<String, String> specialTokens(JsonNode config) {
        Map<String, String> tokens = new HashMap<>();
        for (String name : SPECIAL_TOKENS) {
            JsonNode token = config.path(name);
            JsonNode content = token.isObject() ? token.path("content") : token;
            if (content.isTextual()) {
                tokens.put(name, content.textValue());
            }
        }
        tokens.putIfAbsent("bos_token", START_OF_TEXT);
        return tokens;
    }

    private JsonNode config() {
        Path file = checkpoint.resolve("tokenizer_config.json");
        ObjectMapper json = new ObjectMapper();
        if (!Files.exists(file)) {
            return json.createObjectNode();
        }
        try {
            return json.readTree(read(file));
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not valid JSON ("
                + e.getOriginalMessage().replaceAll("\\s+", " ") + "); fetch the file again", e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new InputException(file + ": the file cannot be read; is it there, and is it UTF-8?", e);
        }
    }
}
