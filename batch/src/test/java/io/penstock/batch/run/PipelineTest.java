package io.penstock.batch.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.batch.BatchException;
import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.RecordKey;
import io.penstock.serving.generation.GenerationRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What becomes of records whatever the engine does. */
class PipelineTest {
    private static final String POISON = "poison";

    private static String lines(int count, int... poisonous) {
        var text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            String prompt = "line " + i;
            for (int poison : poisonous) {
                prompt = poison == i ? POISON : prompt;
            }
            text.append("{\"prompt\": \"").append(prompt).append("\"}\n");
        }
        return text.toString();
    }

    private static Predicate<GenerationRequest> isPoison() {
        int[] poison = DemoLines.ENCODER.tokenizer().encode(POISON);
        return request -> {
            int[] prompt = EchoEngine.prompt(request);
            for (int i = 0; i + poison.length <= prompt.length; i++) {
                if (java.util.Arrays.equals(prompt, i, i + poison.length, poison, 0, poison.length)) {
                    return true;
                }
            }
            return false;
        };
    }

    private static List<BatchResult> run(String lines, EngineOpener opener) throws IOException {
        List<BatchResult> results = new ArrayList<>();
        try (BatchSource source = new TextInput(lines).input().open();
                Pipeline pipeline = Pipeline.start(source, DemoLines.format(), opener, PipelineOptions.first())) {
            pipeline.forEachRemaining(results::add);
            assertTrue(pipeline.isComplete());
            assertEquals(lines.length(), pipeline.donePlace().position());
        }
        return results;
    }

    private static String text(BatchResult result) {
        return new String(result.json(), StandardCharsets.UTF_8);
    }

    @Test
    void aLineThatKillsTheEngineIsFoundOutAndNoOtherIsBlamed() throws IOException {
        var numOpened = new AtomicInteger();
        List<BatchResult> results = run(lines(60, 20, 41), () ->
                new EchoEngine(numOpened.incrementAndGet()).dyingAt(isPoison()));
        assertEquals(60, results.size());
        for (BatchResult result : results) {
            boolean isPoison = result.number() == 20 || result.number() == 41;
            assertEquals(isPoison, result.isFailed(), text(result));
            assertEquals(isPoison, text(result).contains("engine_error"), text(result));
        }
        assertTrue(numOpened.get() >= 4, "the engine was opened " + numOpened + " times");
    }

    @Test
    void aLineThatTheEngineFailsAtIsTriedThreeTimes() throws IOException {
        var numTries = new AtomicInteger();
        Predicate<GenerationRequest> poison = isPoison();
        List<BatchResult> results = run(lines(30, 7), () -> new EchoEngine(1).failingAt(
                request -> poison.test(request) && numTries.incrementAndGet() > 0));
        assertEquals(PipelineOptions.DEFAULT_ATTEMPTS, numTries.get());
        assertEquals(1, results.stream().filter(BatchResult::isFailed).count());
        List<BatchResult> lucky = run(lines(30, 7), () -> new EchoEngine(1).failingAt(
                request -> poison.test(request) && numTries.decrementAndGet() > 0));
        assertEquals(0, lucky.stream().filter(BatchResult::isFailed).count());
    }

    @Test
    void anEngineThatDiesAtEverythingEndsTheJobAndFailsNoLine() {
        List<BatchResult> results = new ArrayList<>();
        var e = assertThrows(BatchException.class, () -> {
            try (BatchSource source = new TextInput(lines(30)).input().open();
                    Pipeline pipeline = Pipeline.start(source, DemoLines.format(),
                            () -> new EchoEngine(1).dyingAt(request -> true), PipelineOptions.first())) {
                pipeline.forEachRemaining(results::add);
            }
        });
        assertTrue(e.getMessage().contains("died 4 times without answering anything"), e::getMessage);
        assertEquals(List.of(), results);
    }

    @Test
    void anEngineThatCannotBeOpenedAgainEndsTheJob() {
        var numOpened = new AtomicInteger();
        var e = assertThrows(BatchException.class, () -> run(lines(30, 9), () -> {
            if (numOpened.incrementAndGet() > 1) {
                throw new IllegalStateException("no device");
            }
            return new EchoEngine(1).dyingAt(isPoison());
        }));
        assertTrue(e.getMessage().contains("cannot be opened again: no device"), e::getMessage);
    }

    @Test
    void whatIsStoppedFinishesWhatIsUnderWay() throws IOException {
        try (BatchSource source = new TextInput(lines(3_000)).input().open();
                Pipeline pipeline = Pipeline.start(
                        source, DemoLines.format(), () -> new EchoEngine(3), PipelineOptions.first())) {
            Set<Long> numbers = new HashSet<>();
            while (pipeline.hasNext()) {
                BatchResult result = pipeline.next();
                assertFalse(result.isFailed());
                assertTrue(numbers.add(result.number()));
                if (numbers.size() == 10) {
                    pipeline.stop();
                }
            }
            assertFalse(pipeline.isComplete());
            assertTrue(numbers.size() < 3_000, "everything was done");
            long place = pipeline.donePlace().number();
            for (long number = 0; number < place; number++) {
                assertTrue(numbers.contains(number), "in front of " + place + " not all is done: " + number);
            }
        }
    }

    @Test
    void keysAreKeptAndFoundAgain() {
        var keys = new KeySet();
        var random = new Random(5);
        List<RecordKey> all = new ArrayList<>();
        all.add(new RecordKey(0, 0));
        all.add(new RecordKey(0, 7));
        all.add(new RecordKey(7, 0));
        for (int i = 0; i < 10_000; i++) {
            all.add(new RecordKey(random.nextLong(), random.nextInt(64)));
        }
        for (RecordKey key : all) {
            assertFalse(keys.containsKey(key));
            assertTrue(keys.add(key));
            assertFalse(keys.add(key));
        }
        all.forEach(key -> assertTrue(keys.containsKey(key)));
    }
}
