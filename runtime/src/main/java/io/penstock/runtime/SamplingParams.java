package io.penstock.runtime;

/**
 * How the tokens of one sequence are chosen. Immutable; validated here, so that a sampler never meets a bad value.
 *
 * @param temperature 0 takes the most likely token (lowest id on ties); else logits are divided by it
 * @param seed key of the counter-based random numbers; the counter is the output position
 * @param numLogprobs -1: none; 0: the sampled token's; k: the k most likely tokens' as well
 */
public record SamplingParams(
        double temperature,
        TokenFilters filters,
        Penalties penalties,
        TokenConstraints constraints,
        StopConditions stop,
        long seed,
        int numLogprobs) {
    /** The most alternatives a request may ask for at each position, as OpenAI's limit. */
    public static final int MAX_LOGPROBS = 20;

    public SamplingParams {
        if (!(temperature >= 0 && temperature <= 100)) {
            throw new InputException("temperature must be between 0 and 100, not " + temperature);
        }
        if (numLogprobs < -1 || numLogprobs > MAX_LOGPROBS) {
            throw new InputException("logprobs must be between 0 and " + MAX_LOGPROBS + ", not " + numLogprobs);
        }
    }

    /** The most likely token each time, up to {@code maxTokens} of them. */
    public static SamplingParams greedy(int maxTokens) {
        return new SamplingParams(0, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE,
                StopConditions.afterTokens(maxTokens), 0, -1);
    }

    public boolean isGreedy() {
        return temperature == 0;
    }
}
