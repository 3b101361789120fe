package io.penstock.serving.openai;

import io.penstock.runtime.InputException;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.TokenGrammar;
import io.penstock.serving.grammar.OutputForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * How a request wants its tokens chosen, with the model's defaults filled in: all that can be known before its prompt
 * is tokenized.
 *
 * @param seed null: any
 * @param numLogprobs as in {@link SamplingParams}
 */
public record SamplingRequest(
        double temperature,
        TokenFilters filters,
        Penalties penalties,
        Constraints constraints,
        Stop stop,
        Long seed,
        int numLogprobs) {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    /**
     * A form that the whole answer must have.
     *
     * @param param the request's field that says so
     */
    public record Demand(OutputForm form, String param) {}

    /**
     * Tokens that are favoured, demanded or forbidden; words are texts still.
     *
     * @param demand null where any answer will do
     */
    public record Constraints(Map<Integer, Double> logitBias, Set<Integer> allowedTokenIds, List<String> badWords,
            Demand demand) {
        public Constraints {
            logitBias = Map.copyOf(logitBias);
            allowedTokenIds = Set.copyOf(allowedTokenIds);
            badWords = List.copyOf(badWords);
        }
    }

    /**
     * When to end.
     *
     * @param maxTokens null: what is left of the context; 0 only where a prompt's echo alone is wanted
     * @param clamped whether maxTokens is a default, which gives way to a shorter context
     */
    public record Stop(
            Integer maxTokens,
            boolean clamped,
            int minTokens,
            Set<Integer> stopTokenIds,
            List<String> stopStrings,
            boolean ignoreEos,
            boolean includeStopString) {
        public Stop {
            stopTokenIds = Set.copyOf(stopTokenIds);
            stopStrings = List.copyOf(stopStrings);
        }
    }

    /** What a model's makers recommend, and nothing else: any seed, as many tokens as the context holds. */
    public static SamplingRequest of(SamplingDefaults defaults) {
        return new SamplingRequest(defaults.temperature(),
                new TokenFilters(defaults.topK(), defaults.topP(), defaults.minP()),
                new Penalties(defaults.repetitionPenalty(), 0, 0), new Constraints(Map.of(), Set.of(), List.of(), null),
                new Stop(null, true, 0, Set.of(), List.of(), false, false), null, -1);
    }

    public SamplingRequest withTemperature(double value) {
        return new SamplingRequest(value, filters, penalties, constraints, stop, seed, numLogprobs);
    }

    public SamplingRequest withFilters(TokenFilters value) {
        return new SamplingRequest(temperature, value, penalties, constraints, stop, seed, numLogprobs);
    }

    public SamplingRequest withPenalties(Penalties value) {
        return new SamplingRequest(temperature, filters, value, constraints, stop, seed, numLogprobs);
    }

    public SamplingRequest withStop(Stop value) {
        return new SamplingRequest(temperature, filters, penalties, constraints, value, seed, numLogprobs);
    }

    /** This with an output of at most {@code numTokens}. */
    public SamplingRequest withMaxTokens(int numTokens) {
        return withStop(new Stop(numTokens, false, stop.minTokens(), stop.stopTokenIds(), stop.stopStrings(),
                stop.ignoreEos(), stop.includeStopString()));
    }

    /** This with outputs that end where one of the texts appears. */
    public SamplingRequest withStopStrings(String... texts) {
        return withStop(new Stop(stop.maxTokens(), stop.clamped(), stop.minTokens(), stop.stopTokenIds(),
                List.of(texts), stop.ignoreEos(), stop.includeStopString()));
    }

    /** This with answers of a form, which {@code param} is named in errors for. */
    public SamplingRequest withForm(OutputForm form, String param) {
        var bound = new Constraints(constraints.logitBias(), constraints.allowedTokenIds(), constraints.badWords(),
                new Demand(form, param));
        return new SamplingRequest(temperature, filters, penalties, bound, stop, seed, numLogprobs);
    }

    public SamplingRequest withSeed(long value) {
        return new SamplingRequest(temperature, filters, penalties, constraints, stop, value, numLogprobs);
    }

    public SamplingRequest withLogprobs(int number) {
        return new SamplingRequest(temperature, filters, penalties, constraints, stop, seed, number);
    }

    /** The parameters of choices whose outputs are free. */
    public List<SamplingParams> toSamplingParams(int n, int remainingTokens, TokenSpace tokens, LongSupplier seeds) {
        return toSamplingParams(n, remainingTokens, tokens, seeds, null);
    }

    /**
     * The parameters of the {@code n} choices for one prompt. They differ in their seeds only, and the first has the
     * request's own.
     *
     * @param remainingTokens of the context, behind the prompt
     * @param seeds gives a seed where the request has none; asked at most once
     * @param grammar the outputs that are permitted, by the demanded form; null for all
     * @throws BadRequestException if the output does not fit into the context or an id is not the model's
     */
    public List<SamplingParams> toSamplingParams(
            int n, int remainingTokens, TokenSpace tokens, LongSupplier seeds, TokenGrammar grammar) {
        StopConditions conditions = stopConditions(remainingTokens, tokens);
        TokenConstraints ids = tokenConstraints(tokens, grammar);
        long first = seed != null ? seed : seeds.getAsLong();
        List<SamplingParams> params = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            params.add(new SamplingParams(
                    temperature, filters, penalties, ids, conditions, choiceSeed(first, i), numLogprobs));
        }
        return params;
    }

    /** The seed of choice {@code index}: the request's for the first, SplitMix64 of it for the others. */
    public static long choiceSeed(long seed, int index) {
        if (index == 0) {
            return seed;
        }
        long z = seed + index * GOLDEN_GAMMA;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    private StopConditions stopConditions(int remainingTokens, TokenSpace tokens) {
        if (remainingTokens < 1) {
            throw new BadRequestException("the prompt leaves no room for output in the model's context; shorten it",
                    null, BadRequestException.CONTEXT_LENGTH_EXCEEDED);
        }
        Integer asked = stop.maxTokens();
        if (asked != null && asked > remainingTokens && !stop.clamped()) {
            throw new BadRequestException("max_tokens must be at most " + remainingTokens
                    + ", what the prompt leaves of the model's context, not " + asked,
                    "max_tokens", BadRequestException.CONTEXT_LENGTH_EXCEEDED);
        }
        stop.stopTokenIds().forEach(id -> tokens.requireKnown(id, "stop_token_ids"));
        int maxTokens = asked == null ? remainingTokens : Math.min(asked, remainingTokens);
        try {
            return new StopConditions(maxTokens, stop.minTokens(), stop.stopTokenIds(), stop.stopStrings(),
                    stop.ignoreEos(), stop.includeStopString());
        } catch (InputException e) {
            throw new BadRequestException(e.getMessage(), "min_tokens");
        }
    }

    private TokenConstraints tokenConstraints(TokenSpace tokens, TokenGrammar grammar) {
        constraints.logitBias().keySet().forEach(id -> tokens.requireKnown(id, "logit_bias"));
        constraints.allowedTokenIds().forEach(id -> tokens.requireKnown(id, "allowed_token_ids"));
        Set<List<Integer>> words = new LinkedHashSet<>();
        for (String word : constraints.badWords()) {
            // a word has other tokens behind a space than at the start of a line
            for (String form : List.of(word, " " + word.stripLeading())) {
                List<Integer> ids = Arrays.stream(tokens.encode().apply(form)).boxed().toList();
                if (!ids.isEmpty()) {
                    words.add(ids);
                }
            }
        }
        return new TokenConstraints(
                constraints.logitBias(), constraints.allowedTokenIds(), List.copyOf(words), grammar);
    }
}
