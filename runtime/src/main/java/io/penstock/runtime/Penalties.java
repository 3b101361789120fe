package io.penstock.runtime;

/**
 * Penalties on tokens that were seen before. Repetition counts prompt and output, once each: a positive logit is
 * divided by it, a negative one multiplied. Frequency is subtracted once per occurrence in the output, presence once
 * if the token occurs in the output.
 *
 * @param repetition 1 is off; greater than 0
 * @param frequency 0 is off; -2 to 2
 * @param presence 0 is off; -2 to 2
 */
public record Penalties(double repetition, double frequency, double presence) {
    public static final Penalties NONE = new Penalties(1, 0, 0);

    public Penalties {
        if (!(repetition > 0) || Double.isInfinite(repetition)) {
            throw new InputException("repetition_penalty must be greater than 0, not " + repetition);
        }
        requireInTwo("frequency_penalty", frequency);
        requireInTwo("presence_penalty", presence);
    }

    private static void requireInTwo(String name, double value) {
        if (!(value >= -2 && value <= 2)) {
            throw new InputException(name + " must be between -2 and 2, not " + value);
        }
    }
}
