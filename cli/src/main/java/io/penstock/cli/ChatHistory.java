package io.penstock.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.serving.output.ParsedOutput;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The turns of a chat, as OpenAI messages. */
final class ChatHistory {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ArrayNode turns = JsonNodeFactory.instance.arrayNode();
    private String system;

    /** @param system the system message, or null */
    ChatHistory(String system) {
        this.system = system;
    }

    void setSystem(String text) {
        system = text;
    }

    /** The system message, or null. */
    String system() {
        return system;
    }

    void clear() {
        turns.removeAll();
    }

    void addUser(String text) {
        turns.addObject().put("role", "user").put("content", text);
    }

    /** Takes the last turn back. */
    void removeLast() {
        turns.remove(turns.size() - 1);
    }

    void addAssistant(ParsedOutput output) {
        ObjectNode message = turns.addObject().put("role", "assistant").put("content", output.content());
        if (!output.reasoning().isEmpty()) {
            message.put("reasoning_content", output.reasoning());
        }
    }

    /** A request body with all messages. */
    ObjectNode body() {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode messages = body.putArray("messages");
        if (system != null) {
            messages.addObject().put("role", "system").put("content", system);
        }
        messages.addAll(turns);
        return body;
    }

    /** Writes the body to a new file; one that is there stays as it is. */
    void save(Path file) {
        try {
            Files.write(file, JSON.writeValueAsBytes(body()), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new InputException(file + " is there already: give another name", e);
        } catch (NoSuchFileException e) {
            throw new InputException(file + " cannot be written: there is no folder " + file.getParent(), e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be written: " + e.getMessage(), e);
        }
    }
}
