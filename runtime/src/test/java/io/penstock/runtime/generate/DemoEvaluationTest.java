package io.penstock.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.chat.ChatOptions;
import io.penstock.runtime.chat.ChatTemplate;
import io.penstock.runtime.chat.PromptEncoder;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
import io.penstock.runtime.testing.Goldens;
import io.penstock.runtime.text.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The demo model on its evaluation set: greedy answers of the reference, and its scores. */
class DemoEvaluationTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_TOKENS = 256;

    /** Below this gap between the two best logits another order of summation may take another path. */
    private static final double NEAR_TIE = 0.05;

    private static final ModelLimits LIMITS = new ModelLimits(1, 512, 2048, ModelLimits.blocksFor(2048), 0);

    /** Collects a greedy answer, without its end token. */
    private static final class Answer implements TokenSink {
        private int[] ids = new int[0];
        private FinishReason reason;

        @Override
        public FinishReason token(int choice, int tokenId, StepResult result, int row) {
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = tokenId;
            return null;
        }

        @Override
        public void finished(int choice, FinishReason why) {
            reason = why;
        }
    }

    private static String afterThought(String text) {
        int end = text.lastIndexOf("</think>");
        return end < 0 ? text : text.substring(end + "</think>".length());
    }

    private static boolean isRight(JsonNode instance, String text) {
        String expected = afterThought(instance.get("expected").textValue());
        String actual = afterThought(text);
        if (!instance.get("task").textValue().equals("extract")) {
            return expected.equals(actual);
        }
        try {
            return JSON.readTree(expected).equals(JSON.readTree(actual));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    @Test
    void greedyAnswersAndScores() {
        Path directory = Goldens.repository().resolve("models/penstock-demo");
        Tokenizer tokenizer = Tokenizer.load(directory.resolve("tokenizer.json"));
        ChatTemplate template = ChatTemplate.load(directory);
        PromptEncoder encoder = new PromptEncoder(tokenizer);
        Map<String, Integer> ours = new TreeMap<>();
        Map<String, Integer> reference = new TreeMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            int[] eos = checkpoint.config().tokens().eosTokenIds().stream().mapToInt(Integer::intValue).toArray();
            CpuModel model = new CpuModel(checkpoint, LIMITS, CpuModel.Options.defaults(Arithmetic.FLOAT32), l -> {});
            try (CpuRunner runner = new CpuRunner(model, tokenizer.numTokens(), eos)) {
                Generator generator = new Generator(runner, eos);
                for (JsonNode instance : Goldens.jsonLines("../demo-data/eval.jsonl")) {
                    String id = instance.get("id").textValue();
                    int[] prompt = encoder.encode(template, instance.get("messages"), instance.get("tools"),
                            ChatOptions.DEFAULT, true);
                    Answer answer = new Answer();
                    generator.generate(prompt, List.of(SamplingParams.greedy(MAX_TOKENS)), answer);
                    String text = tokenizer.decode(answer.ids, false);
                    String expected = instance.get("hf_greedy_text").textValue();
                    assertTrue(text.equals(expected) || instance.get("min_margin").doubleValue() < NEAR_TIE,
                            () -> id + ": expected " + expected + ", was " + text);
                    assertEquals(answer.ids.length == MAX_TOKENS ? FinishReason.LENGTH : FinishReason.STOP,
                            answer.reason, id);
                    String task = instance.get("task").textValue();
                    ours.merge(task, isRight(instance, text) ? 1 : 0, Integer::sum);
                    reference.merge(task, isRight(instance, expected) ? 1 : 0, Integer::sum);
                }
            }
        }
        assertEquals(9, reference.size(), reference.toString());
        reference.forEach((task, score) ->
                assertTrue(ours.get(task) >= score, task + ": " + ours.get(task) + ", reference " + score));
    }
}
