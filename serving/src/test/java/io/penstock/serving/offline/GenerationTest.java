package io.penstock.serving.offline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.openai.response.TokenLogprob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One request: its texts, tokens, ends and mistakes. */
class GenerationTest {
    private static final String HELLO = "Hello! How can I help you?";
    private static Penstock penstock;

    @BeforeAll
    static void open() {
        penstock = DemoModel.open(DemoModel.small());
    }

    @AfterAll
    static void close() {
        penstock.close();
    }

    private static GenerationRequest hello() {
        return GenerationRequest.chat("Hello").withSampling(DemoModel.greedy());
    }

    @Test
    void textTokensAndUsage() {
        GenerationResult result = penstock.generate(hello());
        assertEquals(HELLO, result.choice().text());
        assertEquals(FinishReason.STOP, result.choice().finishReason());
        assertNull(result.choice().stopString());
        assertNull(result.choice().logprobs());
        assertArrayEquals(DemoModel.ENCODER.tokenizer().encode(HELLO), result.choice().tokenIds());
        assertEquals(result.choice().tokenIds().length + 1, result.usage().outputTokens());
        assertEquals(result.prompt().tokenIds().length, result.usage().promptTokens());
        assertTrue(result.usage().firstTokenNs() > 0 && result.usage().firstTokenNs() <= result.usage().totalNs());
    }

    @Test
    void tokenIdsAndTextGoOnAsTheChatDoes() {
        int[] ids = penstock.generate(hello()).prompt().tokenIds();
        assertEquals(HELLO, penstock.generate(GenerationRequest.tokenIds(ids).withSampling(DemoModel.greedy()))
                .choice().text());
        String text = DemoModel.ENCODER.tokenizer().decode(ids, false);
        assertEquals(HELLO, penstock.generate(GenerationRequest.text(text).withSampling(DemoModel.greedy()))
                .choice().text());
    }

    @Test
    void listenerHearsAllInOrder() {
        var heard = new ArrayList<String>();
        var text = new StringBuilder();
        var tokens = new ArrayList<Integer>();
        GenerationResult result = penstock.start(hello(), new GenerationListener() {
            @Override
            public void text(int choice, String delta) {
                text.append(delta);
                heard.add("text");
            }

            @Override
            public void token(int choice, int tokenId) {
                tokens.add(tokenId);
            }

            @Override
            public void finished(GenerationResult.Choice choice) {
                heard.add(choice.text());
            }
        }).await();
        assertEquals(HELLO, text.toString());
        assertEquals(HELLO, heard.getLast());
        assertTrue(heard.size() > 3, heard::toString);
        assertArrayEquals(result.choice().tokenIds(), tokens.stream().mapToInt(Integer::intValue).toArray());
    }

    @Test
    void stopStringAcrossTokensCutsTheTextAndEndsTheSequence() {
        GenerationResult result = penstock.generate(hello().withSampling(
                DemoModel.exactly(400).withStopStrings("w can I he", "never")));
        assertEquals("Hello! Ho", result.choice().text());
        assertEquals(FinishReason.STOP, result.choice().finishReason());
        assertEquals("w can I he", result.choice().stopString());
        assertEquals(result.choice().tokenIds().length, result.usage().outputTokens());
        assertTrue(result.usage().outputTokens() < 10, () -> "went on to " + result.usage());
    }

    @Test
    void halfAStopStringAtTheEndIsText() {
        assertEquals(HELLO, penstock.generate(hello().withSampling(DemoModel.greedy().withStopStrings("you??")))
                .choice().text());
    }

    @Test
    void stopStringMayStay() {
        var stop = new SamplingRequest.Stop(50, false, 0, Set.of(), List.of("How"), false, true);
        assertEquals("Hello! How",
                penstock.generate(hello().withSampling(DemoModel.greedy().withStop(stop))).choice().text());
    }

    @Test
    void choicesAreThoseOfTheirSeeds() {
        SamplingRequest warm = DemoModel.exactly(12).withTemperature(1).withSeed(7);
        GenerationResult all = penstock.generate(hello().withSampling(warm).withChoices(3));
        Set<String> texts = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            GenerationResult.Choice choice = all.choices().get(i);
            assertEquals(i, choice.index());
            assertEquals(SamplingRequest.choiceSeed(7, i), choice.seed());
            assertEquals(choice.text(),
                    penstock.generate(hello().withSampling(warm.withSeed(choice.seed()))).choice().text());
            texts.add(choice.text());
        }
        assertEquals(3, texts.size(), texts::toString);
        assertEquals(36, all.usage().outputTokens());
        assertTrue(all.usage().cachedTokens() < all.usage().promptTokens(), all.usage()::toString);
    }

    @Test
    void promptOfManyChoicesIsComputedOnce() {
        for (boolean prefixCaching : new boolean[] {true, false}) {
            try (Penstock fresh = DemoModel.open(DemoModel.small().withPrefixCaching(prefixCaching))) {
                GenerationResult result = fresh.generate(hello().withChoices(4));
                result.choices().forEach(choice -> assertEquals(HELLO, choice.text()));
                assertEquals(3, fresh.stats().numForks());
                assertEquals(result.usage().promptTokens(), fresh.stats().numPrefillTokens());
                assertEquals(0, result.usage().cachedTokens());
            }
        }
    }

    @Test
    void moreChoicesThanRunAtOnce() {
        GenerationResult result = penstock.generate(hello().withChoices(30));
        assertEquals(30, result.choices().size());
        result.choices().forEach(choice -> assertEquals(HELLO, choice.text()));
    }

    @Test
    void seedsAreDrawnAndRecorded() {
        GenerationRequest warm = hello().withSampling(DemoModel.exactly(12).withTemperature(1));
        GenerationResult.Choice first = penstock.generate(warm).choice();
        GenerationResult.Choice second = penstock.generate(warm).choice();
        assertNotEquals(first.seed(), second.seed());
        assertNotEquals(first.text(), second.text());
        assertEquals(first.text(), penstock.generate(hello().withSampling(
                DemoModel.exactly(12).withTemperature(1).withSeed(first.seed()))).choice().text());
    }

    @Test
    void logprobsOfOutputAndPrompt() {
        GenerationResult result = penstock.generate(hello().withSampling(DemoModel.greedy().withLogprobs(2))
                .withOptions(new GenerationRequest.Options(0, null, 1, true)));
        List<TokenLogprob> logprobs = result.choice().logprobs();
        assertEquals(result.choice().tokenIds().length, logprobs.size());
        var text = new StringBuilder();
        for (TokenLogprob token : logprobs) {
            assertEquals(2, token.top().size());
            assertEquals(token.logprob(), token.top().getFirst().logprob());
            text.append(token.token());
        }
        assertEquals(HELLO, text.toString());
        int[] prompt = result.prompt().tokenIds();
        List<TokenLogprob> scored = result.promptLogprobs().toTokenLogprobs(DemoModel.ENCODER.tokenizer());
        assertEquals(prompt.length - 1, scored.size());
        for (int i = 1; i < prompt.length; i++) {
            TokenLogprob token = scored.get(i - 1);
            assertEquals(DemoModel.ENCODER.tokenizer().decode(new int[] {prompt[i]}, false), token.token());
            assertTrue(token.logprob() <= 0 && token.top().size() == 1, token::toString);
        }
    }

    @Test
    void lengthEndsAnAnswer() {
        GenerationResult result = penstock.generate(hello().withSampling(DemoModel.greedy().withMaxTokens(3)));
        assertEquals(FinishReason.LENGTH, result.choice().finishReason());
        assertEquals(3, result.choice().tokenIds().length);
    }

    @Test
    void mistakesAreInputExceptions() {
        assertInput("prompt must hold token ids between 0 and", GenerationRequest.tokenIds(99_999));
        assertInput("prompt must hold token ids between 0 and", GenerationRequest.tokenIds(-1));
        assertInput("the prompt is empty", GenerationRequest.tokenIds());
        assertInput("the prompt is empty", GenerationRequest.text(""));
        assertInput("the prompt has ", GenerationRequest.text("word ".repeat(600)));
        assertInput("max_tokens must be at most",
                hello().withSampling(DemoModel.greedy().withMaxTokens(512)));
        assertInput("max_tokens must be at least 1", hello().withSampling(DemoModel.greedy().withMaxTokens(0)));
        assertInput("prompt_logprobs must be between",
                () -> hello().withOptions(new GenerationRequest.Options(0, null, 21, true)));
        assertInput("n must be between 1 and 128, not 0", () -> hello().withChoices(0));
        assertInput("stop", hello().withSampling(DemoModel.greedy().withStopStrings("")));
    }

    private static void assertInput(String message, GenerationRequest request) {
        assertInput(message, () -> request);
    }

    private static void assertInput(String message, Supplier<GenerationRequest> request) {
        var e = assertThrows(InputException.class, () -> penstock.generate(request.get()));
        assertTrue(e.getMessage().startsWith(message), e::getMessage);
    }

    @Test
    void timeoutEndsAnAnswerWithWhatItHas() {
        GenerationResult result = penstock.generate(hello().withSampling(DemoModel.exactly(400))
                .withTimeout(Duration.ZERO));
        assertEquals(FinishReason.DEADLINE, result.choice().finishReason());
        assertTrue(result.choice().tokenIds().length < 400);
        assertEquals(HELLO, penstock.generate(hello().withTimeout(Duration.ofMinutes(10))).choice().text());
    }

    @Test
    void onlyTheSameSaltSharesPrefixes() {
        int[] ids = DemoModel.ENCODER.tokenizer().encode("Salt parts what is alike. ".repeat(30));
        GenerationRequest asked = GenerationRequest.tokenIds(ids).withSampling(DemoModel.exactly(2));
        assertEquals(0, penstock.generate(asked.withCacheSalt("one")).usage().cachedTokens());
        assertTrue(penstock.generate(asked.withCacheSalt("one")).usage().cachedTokens() >= 64);
        assertEquals(0, penstock.generate(asked.withCacheSalt("two")).usage().cachedTokens());
        assertEquals(0, penstock.generate(asked).usage().cachedTokens());
        assertTrue(penstock.generate(asked.withPriority(7)).usage().cachedTokens() >= 64);
    }

    @Test
    void truncationKeepsTheLastTokens() {
        int[] ids = DemoModel.ENCODER.tokenizer().encode("word ".repeat(600));
        GenerationResult result = penstock.generate(GenerationRequest.tokenIds(ids)
                .withSampling(DemoModel.exactly(2))
                .withOptions(new GenerationRequest.Options(0, 5, -1, true)));
        assertEquals(5, result.usage().promptTokens());
        assertEquals(ids[ids.length - 1], result.prompt().tokenIds()[4]);
    }

    @Test
    void listenerThatThrowsEndsItsRequestOnly() {
        var thrown = assertThrows(IllegalStateException.class, () -> penstock.start(
                hello().withSampling(DemoModel.exactly(400)), (_, _) -> {
                    throw new IllegalStateException("nobody listens");
                }).await());
        assertEquals("nobody listens", thrown.getMessage());
        assertEquals(HELLO, penstock.generate(hello()).choice().text());
    }

    @Test
    void interruptCancelsAndIsKept() {
        Thread.currentThread().interrupt();
        GenerationResult result = penstock.generate(hello().withSampling(DemoModel.exactly(400)));
        assertTrue(Thread.interrupted());
        assertEquals(FinishReason.ABORT, result.choice().finishReason());
    }
}
