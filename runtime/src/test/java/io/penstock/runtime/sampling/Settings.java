package io.penstock.runtime.sampling;

import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Sampling parameters for tests: neutral but for what is set. */
final class Settings {
    static final int MAX_TOKENS = 1000;

    private double temperature = 1;
    private TokenFilters filters = TokenFilters.NONE;
    private Penalties penalties = Penalties.NONE;
    private Map<Integer, Double> logitBias = Map.of();
    private Set<Integer> allowed = Set.of();
    private List<List<Integer>> badWords = List.of();
    private int minTokens;
    private Set<Integer> stopTokenIds = Set.of();
    private boolean ignoreEos;
    private long seed;
    private int numLogprobs = -1;

    Settings temperature(double value) {
        temperature = value;
        return this;
    }

    Settings filters(int topK, double topP, double minP) {
        filters = new TokenFilters(topK, topP, minP);
        return this;
    }

    Settings penalties(double repetition, double frequency, double presence) {
        penalties = new Penalties(repetition, frequency, presence);
        return this;
    }

    Settings logitBias(Map<Integer, Double> value) {
        logitBias = value;
        return this;
    }

    Settings allowed(Set<Integer> value) {
        allowed = value;
        return this;
    }

    Settings badWords(List<List<Integer>> value) {
        badWords = value;
        return this;
    }

    Settings minTokens(int value) {
        minTokens = value;
        return this;
    }

    Settings stopTokenIds(Set<Integer> value) {
        stopTokenIds = value;
        return this;
    }

    Settings ignoreEos() {
        ignoreEos = true;
        return this;
    }

    Settings seed(long value) {
        seed = value;
        return this;
    }

    Settings numLogprobs(int value) {
        numLogprobs = value;
        return this;
    }

    SamplingParams params() {
        return new SamplingParams(temperature, filters, penalties,
                new TokenConstraints(logitBias, allowed, badWords),
                new StopConditions(MAX_TOKENS, minTokens, stopTokenIds, List.of(), ignoreEos, false),
                seed, numLogprobs);
    }

    /** A state whose sequence has this prompt and this output. */
    SamplingState state(int vocabSize, int[] prompt, int... output) {
        SamplingState state = new SamplingState(vocabSize, 4096);
        start(state, prompt, output);
        return state;
    }

    void start(SamplingState state, int[] prompt, int... output) {
        int[] tokens = new int[prompt.length + output.length];
        System.arraycopy(prompt, 0, tokens, 0, prompt.length);
        System.arraycopy(output, 0, tokens, prompt.length, output.length);
        state.start(params(), tokens, prompt.length, tokens.length);
    }
}
