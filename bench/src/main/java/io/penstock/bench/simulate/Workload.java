package io.penstock.bench.simulate;

import io.penstock.bench.simulate.Scenario.Lengths;
import java.util.SplittableRandom;

/**
 * A scenario made concrete: every request of a run by its number, lengths and tokens, as a function of the seed. The
 * requests {@code chain x turns} to {@code chain x turns + turns - 1} are a conversation.
 *
 * @param scale factor of all lengths: 1 for the scenario itself, less for a small variant of it
 */
record Workload(Scenario scenario, long seed, int numRequests, double scale) {
    /** The token that the model ends with. */
    static final int END_TOKEN = 124_900;

    /** Ordinary tokens are below. */
    private static final int NUM_TOKENS = 124_000;

    private static final int MAX_CHOICES = 8;
    private static final long SHARED = -1;

    int numTurns() {
        return scenario.numTurns();
    }

    int numChains() {
        return (numRequests + numTurns() - 1) / numTurns();
    }

    int turn(int index) {
        return index % numTurns();
    }

    private int sharedPrefix() {
        return scenario.sharedPrefix() == 0 ? 0 : Lengths.scaled(scenario.sharedPrefix(), scale);
    }

    Lengths lengths(int index) {
        return scenario.draw(random(index, 0), (double) index / numRequests).scaled(scale);
    }

    /** Tokens of the whole prompt: the shared ones, the conversation so far, the request's own. */
    int promptLength(int index) {
        int length = sharedPrefix();
        for (int i = index - turn(index); i < index; i++) {
            length += lengths(i).prompt() + lengths(i).sampled();
        }
        return length + lengths(index).prompt();
    }

    /** Tokens of the prompt that were computed before, if everything is kept for ever. */
    int sharedLength(int index) {
        if (turn(index) > 0) {
            return promptLength(index) - lengths(index).prompt();
        }
        return index == 0 ? 0 : sharedPrefix();
    }

    int[] prompt(int index) {
        int[] ids = new int[promptLength(index)];
        int at = fill(ids, 0, sharedPrefix(), SHARED);
        for (int i = index - turn(index); i <= index; i++) {
            at = fill(ids, at, lengths(i).prompt(), 2L * i);
            if (i < index) {
                for (int output = 0; output < lengths(i).sampled(); output++) {
                    ids[at++] = outputToken(sequenceId(i, 0), output, lengths(i).output());
                }
            }
        }
        return ids;
    }

    private int fill(int[] ids, int from, int length, long stream) {
        for (int i = 0; i < length; i++) {
            ids[from + i] = token(stream, i);
        }
        return from + length;
    }

    static long sequenceId(int request, int choice) {
        return (long) request * MAX_CHOICES + choice;
    }

    /** The {@code output}-th token of a sequence that ends by itself after {@code outputLength} tokens. */
    int outputToken(long sequenceId, int output, int outputLength) {
        return output == outputLength - 1 ? END_TOKEN : token(2 * sequenceId + 1, output);
    }

    private int token(long stream, int position) {
        long hash = mix(seed ^ mix(stream * 0x9E3779B97F4A7C15L + position));
        return (int) Math.floorMod(hash, (long) NUM_TOKENS);
    }

    /** A generator for one purpose of one request. */
    SplittableRandom random(int index, int purpose) {
        return new SplittableRandom(mix(seed + mix(((long) index << 8) + purpose + 1)));
    }

    static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }

    /** The longest sequence there is in the run: prompt and the most output that is allowed. */
    int maxLength() {
        int max = 0;
        for (int index = 0; index < numRequests; index++) {
            max = Math.max(max, promptLength(index) + lengths(index).maxTokens());
        }
        return max;
    }
}
