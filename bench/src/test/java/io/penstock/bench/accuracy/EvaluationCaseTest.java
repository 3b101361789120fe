package io.penstock.bench.accuracy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluationCaseTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(quoteCharacter = '~', value = {
        "positive, positive, true", "positive, Positive, false", "positive, <think>is it?</think>positive, true",
        "<think>so</think>42, <think>not so</think>42, true", "<think>so</think>42, <think>so</think>43, false",
        "~{\"a\": 1, \"b\": 2}~, ~{\"b\":2,\"a\":1}~, true", "~{\"a\": 1}~, ~{\"a\": 1} and more~, false",
        "~{\"a\": 1}~, ~{\"a\": \"1\"}~, false", "~{\"a\": 1}~, ~{\"a\": ~, false", "42, 42.0, false"})
    void answers(String expected, String answer, boolean isRight) {
        assertEquals(isRight, new EvaluationCase("id", "all", new GenerationRequest.Text("?"), expected)
                .isRight(answer));
    }

    @Test
    void linesOfBothKinds() throws IOException {
        Path file = directory.resolve("set.jsonl");
        Files.writeString(file, """
                {"id": "one", "task": "math", "messages": [{"role": "user", "content": "1+1"}], "expected": "2"}

                {"prompt": "2+2=", "expected": "4", "more": true}
                """);
        List<EvaluationCase> cases = EvaluationCase.read(file);
        assertEquals(List.of("one", "line-3"), cases.stream().map(EvaluationCase::id).toList());
        assertEquals(List.of("math", "all"), cases.stream().map(EvaluationCase::category).toList());
        assertInstanceOf(GenerationRequest.Chat.class, cases.get(0).prompt());
        assertInstanceOf(GenerationRequest.Text.class, cases.get(1).prompt());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '~', delimiter = '|', value = {
        "{\"prompt\": \"x\"} | line 1: expected is missing", "{\"expected\": \"x\"} | line 1: give either messages",
        "{\"prompt\": | line 1", "[1] | line 1", "~~ | holds no questions"})
    void linesThatAreNone(String line, String message) throws IOException {
        Path file = directory.resolve("set.jsonl");
        Files.writeString(file, line + "\n");
        String said = assertThrows(InputException.class, () -> EvaluationCase.read(file)).getMessage();
        assertTrue(said.contains(message) && said.contains(file.toString()) && !said.contains("\n"), said);
    }
}
