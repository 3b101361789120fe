package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate --input}: many prompts, their answers in one place or another, and mistakes among them. */
class InputTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DEMO_DATA = Installation.demoModel().resolve("../../demo-data").normalize();
    private static final String HELLO = "Hello! How can I help you?";
    private static final String SUMMARY = "\\d+ prompts( \\(\\d+ failed\\))? in [\\d.]+ s: \\d+ prompt tokens"
            + " \\([\\d.]+ % from the prefix cache\\), \\d+ output tokens, [\\d.]+ tokens/s, \\d+ preemptions";

    @TempDir
    private Path folder;

    private static String[] greedily(String... args) {
        List<String> all = new ArrayList<>(List.of("generate"));
        all.addAll(List.of(args));
        all.addAll(List.of("--temperature", "0", "--repetition-penalty", "1"));
        return all.toArray(String[]::new);
    }

    private static String summary(Invocation run) {
        String last = run.err().lines().reduce((_, line) -> line).orElse("");
        assertTrue(last.matches(SUMMARY), run::err);
        return last;
    }

    private static Map<Integer, JsonNode> byIndex(String lines) throws IOException {
        Map<Integer, JsonNode> nodes = new HashMap<>();
        for (String line : lines.lines().toList()) {
            JsonNode node = JSON.readTree(line);
            nodes.put(node.get("index").intValue(), node);
        }
        return nodes;
    }

    @Test
    void answersComeInTheOrderOfThePrompts() throws IOException {
        var expected = new StringBuilder();
        for (String line : Files.readAllLines(DEMO_DATA.resolve("prompts-answers.jsonl"))) {
            expected.append(JSON.readTree(line).get("answer").textValue()).append('\n');
        }
        Invocation run = Invocation.of(greedily("--input", DEMO_DATA.resolve("prompts.txt").toString()));
        assertEquals(expected.toString(), run.out());
        assertEquals(0, run.exitCode());
        assertEquals(1, run.err().lines().count(), run::err);
        assertTrue(summary(run).startsWith(Files.readAllLines(DEMO_DATA.resolve("prompts.txt")).size() + " prompts in"),
                run::err);
    }

    @Test
    void blankLinesAreNoPrompts() {
        Invocation run = Invocation.withInput("\nHello\n  \n\nWho are you?", greedily("--input", "-", "--max-tokens",
                "3", "--max-num-seqs", "1", "--preset", "latency"));
        assertEquals(2, run.out().lines().count(), run::out);
        assertTrue(summary(run).startsWith("2 prompts in"), run::err);
    }

    @Test
    void jsonLinesOfAFileGoIntoAFile() throws IOException {
        Path in = folder.resolve("in.jsonl");
        Files.write(in, List.of(
                "{\"prompt\": \"Hello\"}",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}], \"max_tokens\": 2}",
                "",
                "{\"prompt\": \"Hello\", \"n\": 2, \"seed\": 5}"));
        Path out = folder.resolve("out.jsonl");
        Invocation run = Invocation.of(greedily("--input", in.toString(), "--output", out.toString()));
        assertEquals(0, run.exitCode(), run::err);
        assertEquals("", run.out());
        Map<Integer, JsonNode> nodes = byIndex(Files.readString(out));
        assertEquals(3, nodes.size());
        assertEquals(HELLO, content(nodes.get(0), 0));
        assertEquals("stop", nodes.get(0).at("/response/choices/0/finish_reason").textValue());
        assertEquals("length", nodes.get(1).at("/response/choices/0/finish_reason").textValue());
        assertEquals(4, nodes.get(2).get("line").intValue());
        assertEquals(HELLO, content(nodes.get(2), 1));
        assertEquals(2, nodes.get(2).get("seeds").size());
        assertEquals(5, nodes.get(2).at("/seeds/0").longValue());
    }

    private static String content(JsonNode node, int choice) {
        return node.at("/response/choices/" + choice + "/message/content").textValue();
    }

    @Test
    void badLinesAreNamedAndTheOthersAnswered() throws IOException {
        Path in = folder.resolve("mixed.jsonl");
        Files.write(in, List.of(
                "{\"prompt\": \"Hello\"}",
                "{\"prompt\": ",
                "[]",
                "{\"prompt\": \"Hello\", \"temperature\": -1}",
                "{\"prompt\": 7}",
                "{\"prompt\": \"a\", \"messages\": []}",
                "{\"prompt\": \"" + "word ".repeat(5000) + "\"}",
                "{\"prompt\": \"Hello\"}"));
        Invocation run = Invocation.of("generate", "--input", in.toString(), "--json", "--max-tokens", "4");
        assertEquals(1, run.exitCode());
        assertTrue(summary(run).startsWith("8 prompts (6 failed) in"), run::err);
        assertEquals(7, run.err().lines().count(), run::err);
        Map<Integer, JsonNode> nodes = byIndex(run.out());
        assertEquals(8, nodes.size());
        for (int i = 1; i < 7; i++) {
            String line = "penstock: " + in + " line " + (i + 1) + ": ";
            assertTrue(run.err().lines().anyMatch(said -> said.startsWith(line)), run::err);
            assertTrue(nodes.get(i).at("/error/message").textValue().length() > 10, nodes::toString);
        }
        assertTrue(nodes.get(0).has("response") && nodes.get(7).has("response"));
    }

    @Test
    void failedPromptLeavesAnEmptyLine() {
        Invocation run = Invocation.withInput("Hello\n" + "word ".repeat(5000) + "\nHello\n",
                greedily("--input", "-"));
        assertEquals(HELLO + "\n\n" + HELLO + "\n", run.out());
        assertEquals(1, run.exitCode());
    }

    @Test
    void rawPromptsAndChoices() throws IOException {
        String prompt = "<|startoftext|><|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n";
        ObjectNode fields = JSON.createObjectNode().put("prompt", prompt).put("n", 2);
        Path in = folder.resolve("raw.jsonl");
        Files.writeString(in, fields.toString());
        Invocation run = Invocation.of(greedily("--input", in.toString(), "--raw"));
        assertEquals("=== choice 1 of 2 ===\n" + HELLO + "\n=== choice 2 of 2 ===\n" + HELLO + "\n", run.out());
    }

    @Test
    void inputThatTurnsOutNotToBeText() {
        byte[] input = ("Hello\n".repeat(3) + "\u00FF\n").getBytes(StandardCharsets.ISO_8859_1);
        Invocation run = Invocation.withInput(input, greedily("--input", "-", "--max-tokens", "2"));
        assertEquals(1, run.exitCode());
        assertTrue(run.err().startsWith("penstock: standard input is not UTF-8"), run::err);
    }
}
