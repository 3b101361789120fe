package io.penstock.runtime.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON objects as checkpoints hold them. Duplicate keys and text behind the object are errors, not a choice. */
public final class StrictJson {
    private static final int MAX_QUOTED_LENGTH = 80;
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /** The content of a file, refused if it is not there, not a file, or longer than {@code maxBytes}. */
    public static byte[] readBytes(Path file, long maxBytes) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a directory; give the file");
        }
        if (!Files.exists(file)) {
            throw new InputException(file + " does not exist");
        }
        try {
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new InputException(file + " has " + size + " bytes; at most " + maxBytes + " are read");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + describe(e), e);
        }
    }

    /** Parses one object; {@code source} begins every message. */
    public static ObjectNode parseObject(byte[] json, String source) {
        return parseObject(json, 0, json.length, source);
    }

    /** Parses one object from part of an array; {@code source} begins every message. */
    public static ObjectNode parseObject(byte[] json, int offset, int length, String source) {
        JsonNode root;
        try {
            root = MAPPER.readTree(json, offset, length);
        } catch (JacksonException e) {
            var where = e.getLocation() == null
                    ? ""
                    : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
            throw new InputException(
                    source + ": not valid JSON: " + oneLine(e.getOriginalMessage(), 200) + where, e);
        } catch (IOException e) {
            throw new InputException(source + ": not valid JSON: " + describe(e), e);
        }
        if (root == null || root.isMissingNode()) {
            throw new InputException(source + ": empty, not a JSON object");
        }
        if (!(root instanceof ObjectNode object)) {
            throw new InputException(source + ": holds " + kind(root) + ", not a JSON object");
        }
        return object;
    }

    /** A text from a file, fit for a message: quoted, on one line, not long. */
    public static String quote(String text) {
        return "'" + oneLine(text, MAX_QUOTED_LENGTH) + "'";
    }

    /** What an I/O error means to a user, in words. */
    public static String describe(IOException e) {
        return e instanceof java.nio.file.AccessDeniedException
                ? "permission denied"
                : oneLine(String.valueOf(e.getMessage()), 200);
    }

    /** A value's JSON type with its article. */
    static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "a list";
            case BOOLEAN -> "a boolean";
            case NULL -> "null";
            case NUMBER -> "a number";
            case STRING -> "a string";
            case OBJECT -> "an object";
            case BINARY, MISSING, POJO -> "no JSON value";
        };
    }

    private static String oneLine(String text, int maxLength) {
        var line = new StringBuilder();
        for (int i = 0; i < text.length() && i < maxLength; i++) {
            char c = text.charAt(i);
            line.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? ' ' : c);
        }
        return text.length() > maxLength ? line.append("...").toString() : line.toString();
    }
}
