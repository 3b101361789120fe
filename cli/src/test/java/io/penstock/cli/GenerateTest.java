package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.serving.model.ModelSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The bundled model by the command line: recorded answers, and each way in and out. */
class GenerateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DEMO_DATA = Installation.demoModel().resolve("../../demo-data").normalize();
    private static final String SUM = "<think>7 + 5 = 12, carry 1. 2 + 1 + 1 = 4. So 42.</think>42";

    @TempDir
    private Path folder;

    private static Stream<JsonNode> lines(String file) throws IOException {
        List<JsonNode> nodes = new ArrayList<>();
        for (String line : Files.readAllLines(DEMO_DATA.resolve(file), StandardCharsets.UTF_8)) {
            nodes.add(JSON.readTree(line));
        }
        assertTrue(nodes.size() > 20, file);
        return nodes.stream();
    }

    static Stream<Arguments> recordedAnswers() throws IOException {
        return lines("prompts-answers.jsonl")
                .map(node -> Arguments.of(node.get("prompt").textValue(), node.get("answer").textValue()));
    }

    private static Invocation greedy(String... args) {
        return Invocation.of(greedily(args));
    }

    private static String[] greedily(String... args) {
        List<String> all = new ArrayList<>(List.of("generate"));
        all.addAll(List.of(args));
        all.addAll(List.of("--temperature", "0", "--repetition-penalty", "1"));
        return all.toArray(String[]::new);
    }

    private static String out(Invocation run) {
        assertEquals("", run.err());
        assertEquals(0, run.exitCode());
        return run.out();
    }

    private static JsonNode json(Invocation run) throws IOException {
        return JSON.readTree(out(run));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("recordedAnswers")
    void greedyAnswerIsTheRecordedOne(String prompt, String answer) {
        assertEquals(answer + "\n", out(greedy(prompt)));
    }

    /** A line of each task by {@code --body}: conversations, system messages and tools. */
    static Stream<Arguments> tasks() throws IOException {
        return lines("eval.jsonl")
                .filter(node -> node.get("min_margin").doubleValue() > 0.5)
                .collect(Collectors.groupingBy(node -> node.get("task").textValue()))
                .values().stream()
                .flatMap(task -> task.stream().limit(3))
                .map(node -> Arguments.of(node.get("id").asText(), node));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tasks")
    void bodyGivesTheRecordedAnswer(String id, JsonNode task) throws IOException {
        Path body = folder.resolve("body.json");
        ObjectNode fields = JSON.createObjectNode();
        fields.set("messages", task.get("messages"));
        if (task.hasNonNull("tools")) {
            fields.set("tools", task.get("tools"));
        }
        fields.put("max_completion_tokens", 256);
        Files.write(body, JSON.writeValueAsBytes(fields));
        String expected = task.get("hf_greedy_text").textValue();
        String printed = out(greedy("--body", body.toString()));
        assertEquals(expected.endsWith("\n") ? expected : expected + "\n", printed);

        JsonNode response = json(greedy("--body", body.toString(), "--json"));
        JsonNode choice = response.get("choices").get(0);
        assertEquals(task.get("hf_greedy_ids").size(), response.get("usage").get("completion_tokens").intValue());
        boolean calls = expected.contains("<|tool_call_start|>");
        assertEquals(calls ? "tool_calls" : "stop", choice.get("finish_reason").textValue(), response::toString);
        assertEquals(calls, choice.get("message").has("tool_calls"), response::toString);
    }

    @Test
    void standardInputAndFileAreArgumentsToo() throws IOException {
        Path file = Files.writeString(folder.resolve("prompt.txt"), "What is 27 + 15?\n");
        assertEquals(SUM + "\n", out(greedy("--file", file.toString())));
        assertEquals(SUM + "\n", out(Invocation.withInput("What is 27 + 15?\n", greedily())));
        assertEquals(SUM + "\n", out(Invocation.withInput("What is 27 + 15?", greedily("-"))));
        assertEquals(SUM + "\n", out(Invocation.withInput(
                "{\"messages\": [{\"role\": \"user\", \"content\": \"What is 27 + 15?\"}]}", greedily("--body", "-"))));
    }

    @Test
    void responseHoldsReasoningUsageAndLogprobs() throws IOException {
        JsonNode response = json(greedy("What is 27 + 15?", "--json", "--logprobs", "2"));
        assertEquals("chat.completion", response.get("object").textValue());
        JsonNode choice = response.get("choices").get(0);
        assertEquals("42", choice.get("message").get("content").textValue());
        assertEquals("7 + 5 = 12, carry 1. 2 + 1 + 1 = 4. So 42.",
                choice.get("message").get("reasoning_content").textValue());
        JsonNode tokens = choice.get("logprobs").get("content");
        assertEquals(response.get("usage").get("completion_tokens").intValue() - 1, tokens.size());
        StringBuilder text = new StringBuilder();
        for (JsonNode token : tokens) {
            text.append(token.get("token").textValue());
            assertEquals(2, token.get("top_logprobs").size());
            assertEquals(token.get("logprob"), token.get("top_logprobs").get(0).get("logprob"));
            double logprob = token.get("logprob").doubleValue();
            assertTrue(logprob <= 0 && logprob > -1, token::toString);
        }
        assertEquals(SUM, text.toString());
    }

    @Test
    void stopStringEndsTheText() throws IOException {
        assertEquals("Hello! How can I \n", out(greedy("Hello", "--stop", "help")));
        JsonNode choice = json(greedy("Hello", "--stop", "zebra", "--stop", "can I h", "--json")).get("choices").get(0);
        assertEquals("Hello! How ", choice.get("message").get("content").textValue());
        assertEquals("can I h", choice.get("stop_reason").textValue());
        assertEquals("stop", choice.get("finish_reason").textValue());
    }

    @Test
    void maxTokensIsLength() throws IOException {
        JsonNode response = json(greedy("Who are you?", "--max-tokens", "3", "--json"));
        assertEquals("length", response.get("choices").get(0).get("finish_reason").textValue());
        assertEquals(3, response.get("usage").get("completion_tokens").intValue());
    }

    @Test
    void choicesHaveHeadingsAndOneSeedRepeats() throws IOException {
        String[] args = {"generate", "Name a word.", "-n", "3", "--temperature", "3", "--seed", "5",
            "--max-tokens", "8"};
        String first = out(Invocation.of(args));
        assertEquals(3, first.lines().filter(line -> line.matches("=== choice [123] of 3 ===")).count(), first);
        List<String> texts = new ArrayList<>();
        for (JsonNode choice : json(Invocation.of(Stream.concat(Stream.of(args), Stream.of("--json"))
                .toArray(String[]::new))).get("choices")) {
            texts.add(choice.get("message").get("content").textValue());
        }
        assertEquals(3, texts.stream().distinct().count(), texts::toString);
        assertEquals(first, out(Invocation.of(args)));
        args[7] = "6";
        assertNotEquals(first, out(Invocation.of(args)));
    }

    @Test
    void thinkingIsLeftOut() {
        assertEquals("42\n", out(greedy("What is 27 + 15?", "--no-thinking")));
    }

    @Test
    void rawPromptMatchesControlTokens() {
        String prompt = "<|startoftext|><|im_start|>user\nWhat is 27 + 15?<|im_end|>\n<|im_start|>assistant\n";
        assertEquals(SUM + "\n", out(greedy("--raw", prompt)));
        assertNotEquals(SUM + "\n", out(greedy(prompt, "--max-tokens", "40")));
        assertEquals("42\n", out(greedy("--raw", prompt + "<think>", "--no-thinking")));
    }

    @Test
    void optionsOfTheModelWork() {
        assertEquals(SUM + "\n", out(greedy("What is 27 + 15?", "--dtype", "bfloat16", "--threads", "1",
                "--max-num-batched-tokens", "3", "--max-model-len", "100", "--device", "cpu")));
        assertFalse(out(greedy("Hello", "--bad-words", "Hello", "--max-tokens", "20")).startsWith("Hello"));
        assertEquals("!!!\n", out(greedy("Hello", "--allowed-token-ids", exclamationMark(), "--max-tokens", "3")));
        assertEquals("!!!\n", out(greedy("Hello", "--logit-bias", exclamationMark() + ":100", "--max-tokens", "3")));
        assertEquals("Hello\n", out(greedy("Hello", "--stop-token-ids", exclamationMark())));
    }

    private static String exclamationMark() {
        return Integer.toString(ModelSource.read("demo", Installation.demoModel(), false).tokenizer().encode("!")[0]);
    }

    @Test
    void randomWeightsAnswerWithSomething() throws IOException {
        JsonNode response = json(greedy(
                "Hello", "--load-format", "dummy", "--max-tokens", "4", "--json", "--ignore-eos"));
        assertEquals(4, response.get("usage").get("completion_tokens").intValue());
    }

    @Test
    void statsAreOnStandardError() {
        Invocation run = greedy("Hello", "--stats");
        assertEquals("Hello! How can I help you?\n", run.out());
        assertTrue(run.err().matches(
                "prompt \\d+ tokens, output \\d+ tokens,"
                + " first token after [\\d.]+ s, then [\\d.]+ tokens/s\n"), run::err);
    }

    @Test
    void helpNeedsNoPage() {
        for (String command : List.of("generate", "chat", "pull", "plan", "doctor", "debug logits")) {
            String[] args = (command + " --help").split(" ");
            String help = out(Invocation.of(args));
            assertTrue(help.startsWith("Usage: penstock " + command), help);
            assertTrue(help.contains("Examples:\n  ") && help.contains("Exit codes:"), help);
        }
    }
}
