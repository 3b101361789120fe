package io.penstock.scheduler;

import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A request before it is sent: what it gives must depend on this alone. */
record Recipe(int[] prompt, List<SamplingParams> choices, int promptLogprobs, long salt) {
    private static final int MAX_PROMPT = 300;
    private static final int NUM_TEXTS = 3;
    private static final FakeGrammar GRAMMAR =
            new FakeGrammar(DemoModel.NUM_TEXT_TOKENS, DemoModel.EOS_TOKEN_IDS[0]);

    /** Requests of all kinds, many of which share the beginning of their prompts. */
    static List<Recipe> kinds(int number, long seed) {
        Random random = new Random(seed);
        int[][] texts = new int[NUM_TEXTS][];
        for (int i = 0; i < NUM_TEXTS; i++) {
            texts[i] = random.ints(MAX_PROMPT, 0, DemoModel.NUM_TEXT_TOKENS).toArray();
        }
        List<Recipe> kinds = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            int[] prompt = prompt(texts[random.nextInt(NUM_TEXTS)], random);
            int promptLogprobs = random.nextInt(6) == 0 ? random.nextInt(3) : Request.NO_PROMPT_LOGPROBS;
            List<SamplingParams> choices = new ArrayList<>();
            int numChoices = random.nextInt(3) == 0 ? 2 + random.nextInt(3) : 1;
            for (int choice = 0; choice < numChoices; choice++) {
                choices.add(params(random));
            }
            kinds.add(new Recipe(prompt, choices, promptLogprobs, random.nextInt(6) == 0 ? 7 : 0));
        }
        return kinds;
    }

    private static int[] prompt(int[] text, Random random) {
        int length = switch (random.nextInt(6)) {
            case 0 -> 1 + random.nextInt(8);
            case 1 -> 64 * (1 + random.nextInt(3)) + random.nextInt(3) - 1;
            case 2 -> 150 + random.nextInt(MAX_PROMPT - 150);
            default -> 40 + random.nextInt(110);
        };
        int[] prompt = random.ints(length, 0, DemoModel.NUM_TEXT_TOKENS).toArray();
        int numShared = random.nextInt(5) == 0 ? 0 : Math.min(length, 30 + random.nextInt(MAX_PROMPT - 30));
        System.arraycopy(text, 0, prompt, 0, numShared);
        return prompt;
    }

    private static SamplingParams params(Random random) {
        int maxTokens = random.nextInt(5) < 3 ? 1 + random.nextInt(8) : 30 + random.nextInt(100);
        int minTokens = random.nextInt(3) == 0 ? random.nextInt(maxTokens + 1) : 0;
        Set<Integer> stopIds = random.nextInt(3) == 0
                ? Set.of(random.nextInt(200), 200 + random.nextInt(200), 400 + random.nextInt(3000)) : Set.of();
        var stop = new StopConditions(maxTokens, minTokens, stopIds, List.of(), random.nextInt(4) == 0, false);
        var filters = random.nextBoolean() ? TokenFilters.NONE
                : new TokenFilters(random.nextInt(50), 0.5 + random.nextInt(50) / 100.0, 0);
        var penalties = random.nextBoolean() ? Penalties.NONE : new Penalties(1.2, 0.3, 0.2);
        int numLogprobs = random.nextInt(3) == 0 ? random.nextInt(4) : -1;
        double temperature = random.nextInt(3) == 0 ? 0 : 0.3 + random.nextInt(12) / 10.0;
        return new SamplingParams(temperature, filters, penalties, TokenConstraints.NONE, stop, random.nextLong(),
                numLogprobs);
    }

    /** The next turn of a chat: what was said, what came back, and some more. */
    Recipe nextTurn(Outcome outcome, Random random) {
        List<Outcome.Row> said = outcome.choices.getFirst().rows;
        int[] next = new int[prompt.length + said.size() + 1 + random.nextInt(20)];
        System.arraycopy(prompt, 0, next, 0, prompt.length);
        for (int i = prompt.length; i < next.length; i++) {
            next[i] = i - prompt.length < said.size() ? said.get(i - prompt.length).tokenId() : random.nextInt(4000);
        }
        return new Recipe(next, List.of(params(random)), Request.NO_PROMPT_LOGPROBS, salt);
    }

    /** This with outputs that a grammar permits. */
    Recipe constrained() {
        List<SamplingParams> bound = new ArrayList<>();
        for (SamplingParams free : choices) {
            bound.add(new SamplingParams(free.temperature(), free.filters(), free.penalties(),
                    new TokenConstraints(Map.of(), Set.of(), List.of(), GRAMMAR), free.stop(), free.seed(),
                    free.numLogprobs()));
        }
        return new Recipe(prompt, bound, promptLogprobs, salt);
    }

    Recipe alone(int choice) {
        return new Recipe(prompt, List.of(choices.get(choice)), promptLogprobs, 0);
    }

    Request request(long id, int priority, long deadlineNs, OutputQueue output) {
        return new Request(id, prompt, choices, DemoModel.EOS_TOKEN_IDS,
                new Request.Options(priority, deadlineNs, salt, promptLogprobs), output);
    }
}
