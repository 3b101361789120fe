package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTest {
    private static final String[] GREEDY = {"chat", "--temperature", "0", "--repetition-penalty", "1"};

    @TempDir
    private Path folder;

    @Test
    void eachLineIsATurn() {
        Invocation run = Invocation.withInput("Hello\n\nWhat is 7 times 8?\n/exit\nWho are you?\n", GREEDY);
        assertEquals("Hello! How can I help you?\n<think>7 * 8 = 56.</think>56\n", run.out());
        assertEquals("", run.err());
        assertEquals(0, run.exitCode());
    }

    @Test
    void savedChatIsARequest() throws IOException {
        Path file = folder.resolve("chat.json");
        Invocation run = Invocation.withInput(
                "forgotten\n/reset\n/system Be brief.\nWhat is 7 times 8?\n/save " + file + "\n", GREEDY);
        assertEquals(0, run.exitCode(), run::err);
        JsonNode messages = new ObjectMapper().readTree(file.toFile()).get("messages");
        assertEquals(3, messages.size(), messages::toString);
        assertEquals("Be brief.", messages.get(0).get("content").textValue());
        assertEquals("user", messages.get(1).get("role").textValue());
        assertEquals("56", messages.get(2).get("content").textValue());
        assertEquals("7 * 8 = 56.", messages.get(2).get("reasoning_content").textValue());
        Invocation again = Invocation.of(
                "generate", "--body", file.toString(), "--temperature", "0", "--max-tokens", "5");
        assertEquals(0, again.exitCode(), again::err);
    }

    @Test
    void savingDoesNotOverwrite() throws IOException {
        Path file = Files.writeString(folder.resolve("mine.json"), "mine");
        Invocation run = Invocation.withInput("/save " + file + "\n", GREEDY);
        assertEquals("penstock: " + file + " is there already: give another name\n", run.err());
        assertEquals("mine", Files.readString(file));
    }

    @Test
    void historyIsPartOfThePrompt() {
        Invocation run = Invocation.withInput("Hello\nHello\nHello\n", "chat", "--temperature", "0", "--stats");
        long numLengths = run.err().lines().map(line -> line.split(" ")[1]).distinct().count();
        assertEquals(3, numLengths, run::err);
    }

    @Test
    void fullContextIsSaidAndTheTurnTakenBack() {
        Invocation run = Invocation.withInput("word ".repeat(100) + "\nHello\n", "chat", "--temperature", "0",
                "--max-model-len", "40");
        assertTrue(run.err().startsWith("penstock: the conversation has "), run::err);
        assertEquals(1, run.err().lines().count());
        assertEquals("Hello! How can I help you?\n", run.out());
        assertEquals(1, run.exitCode());
    }
}
