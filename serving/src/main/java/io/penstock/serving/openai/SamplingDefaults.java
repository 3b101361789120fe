package io.penstock.serving.openai;

/**
 * What a model's makers recommend for fields that a request leaves out.
 *
 * @param topK 0 is off
 * @param topP 1 is off
 * @param minP 0 is off
 * @param repetitionPenalty 1 is off
 */
public record SamplingDefaults(double temperature, int topK, double topP, double minP, double repetitionPenalty) {
    /** OpenAI's own, for a model that recommends nothing. */
    public static final SamplingDefaults NEUTRAL = new SamplingDefaults(1, 0, 1, 0, 1);
}
