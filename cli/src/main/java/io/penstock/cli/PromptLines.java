package io.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatCompletionRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The prompts of {@code --input}, read as they are asked for: a line is a prompt, or in a {@code .jsonl} file a JSON
 * object. Blank lines are none. A line that cannot be used becomes an unreadable request.
 */
final class PromptLines implements Iterator<GenerationRequest>, AutoCloseable {
    /** What was asked for on a line; the request is null where the line could not be used. */
    record Line(long number, ChatCompletionRequest request) {}

    private final String source;
    private final Path file;
    private final boolean raw;
    private final RequestFields fields;
    private final RequestEncoder encoder;
    private final BufferedReader reader;
    private final boolean isJson;
    private final ConcurrentHashMap<String, Line> lines = new ConcurrentHashMap<>();
    private String next;
    private long lineNumber;

    /** @param input a file, or - for standard input */
    PromptLines(String input, boolean raw, RequestFields fields, RequestEncoder encoder) {
        this.raw = raw;
        this.fields = fields;
        this.encoder = encoder;
        isJson = input.endsWith(".jsonl");
        file = input.equals("-") ? null : path(input);
        source = file == null ? "standard input" : input;
        reader = file != null ? open(file)
                : new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8.newDecoder()));
    }

    private static Path path(String input) {
        try {
            return Path.of(input);
        } catch (InvalidPathException e) {
            throw new InputException("--input is no path: " + e.getMessage(), e);
        }
    }

    private static BufferedReader open(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a directory: give a file with one prompt a line");
        }
        try {
            return Files.newBufferedReader(file);
        } catch (NoSuchFileException e) {
            throw new InputException(file + " does not exist: give a file with one prompt a line", e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    String source() {
        return source;
    }

    RequestEncoder encoder() {
        return encoder;
    }

    /** Reads as far as the first prompt; without one there is nothing to do. */
    void requireAny() {
        if (!hasNext()) {
            throw new InputException(source + " has no prompts: give one a line");
        }
    }

    /** Refuses options that no line could be run with. */
    void requireGoodOptions(Function<String, RuntimeException> refusal) {
        try {
            ChatCompletionRequest.parse(fields.of(null, "a"), encoder.defaults());
        } catch (BadRequestException e) {
            throw refusal.apply(e.getMessage());
        }
    }

    /** Prompts in a file, which is read for it; 0 where that cannot be known. */
    long count() {
        if (file == null || !Files.isRegularFile(file)) {
            return 0;
        }
        try (BufferedReader counted = open(file)) {
            long number = 0;
            for (String line = counted.readLine(); line != null; line = counted.readLine()) {
                number += line.isBlank() ? 0 : 1;
            }
            return number;
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null) {
                String line = reader.readLine();
                if (line == null) {
                    return false;
                }
                lineNumber++;
                next = line.isBlank() ? null : line;
            }
            return true;
        } catch (CharacterCodingException e) {
            throw new InputException(source + " is not UTF-8 behind line " + lineNumber + ": save it as UTF-8 text", e);
        } catch (IOException e) {
            throw new InputException(source + " cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public GenerationRequest next() {
        if (!hasNext()) {
            throw new NoSuchElementException(source);
        }
        String line = next;
        next = null;
        String id = Long.toString(lineNumber);
        try {
            ObjectNode given = isJson ? StrictJson.parseObject(line.getBytes(StandardCharsets.UTF_8), source) : null;
            String prompt = isJson ? promptOf(given) : line;
            ChatCompletionRequest request = ChatCompletionRequest.parse(fields.of(given, prompt), encoder.defaults());
            GenerationRequest asked = GenerationRequest.of(request);
            lines.put(id, new Line(lineNumber, request));
            return (raw ? asked.withPrompt(new GenerationRequest.Text(prompt)) : asked).withId(id);
        } catch (InputException e) {
            lines.put(id, new Line(lineNumber, null));
            return GenerationRequest.unreadable(e).withId(id);
        }
    }

    /** The prompt of a JSON line, which is taken out of it; null where it has messages. */
    private String promptOf(ObjectNode given) {
        JsonNode prompt = given.remove("prompt");
        if (prompt == null) {
            if (raw) {
                throw new InputException("--raw needs \"prompt\" in each line: messages need a template");
            }
            return null;
        }
        if (given.has("messages")) {
            throw new InputException("prompt and messages exclude each other: give one");
        }
        if (!prompt.isTextual() || prompt.textValue().isEmpty()) {
            throw new InputException("prompt must be a text of at least one character");
        }
        return prompt.textValue();
    }

    /** What was asked for, once. */
    Line take(String id) {
        return lines.remove(id);
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                reader.close();
            } catch (IOException e) {
                throw new InputException(source + " cannot be closed: " + e.getMessage(), e);
            }
        }
    }
}
