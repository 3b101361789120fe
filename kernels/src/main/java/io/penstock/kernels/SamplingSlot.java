package io.penstock.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The sampling state of a conv slot as {@link SampleKernel} reads it: parameters, lists of token ids, and the number of
 * outputs. Written on the host when a sequence starts; the offsets are those of
 * {@code Slot} in {@code sampling_slot.cuh}.
 */
public final class SamplingSlot {
    /** Bytes from a slot to the next, on host and device. */
    public static final int SIZE_BYTES = 21_760;

    /** Most tokens with a bias; each once. */
    public static final int MAX_BIASES = 1024;

    /** Most tokens that end a sequence, the model's own included; each once. */
    public static final int MAX_STOPS = 288;

    /** Most tokens in all bad words together. */
    public static final int MAX_BAD_WORD_TOKENS = 1024;

    private static final int HAS_ALLOWED = 1;
    private static final int TRACKS_SEEN = 2;
    private static final int TRACKS_COUNTS = 4;

    private static final int HEADER_BYTES = 128;
    private static final int FIRST_INT = 64;
    private static final int FLAGS = FIRST_INT + 4;
    private static final int NUM_BIASES = FIRST_INT + 16;
    private static final int NUM_STOPS = FIRST_INT + 20;
    private static final int NUM_BAD_WORDS = FIRST_INT + 24;
    private static final int NUM_OUTPUTS = FIRST_INT + 36;
    private static final int BAD_WORD_ENDS = HEADER_BYTES;
    private static final int BAD_WORD_IDS = BAD_WORD_ENDS + Integer.BYTES * MAX_BAD_WORD_TOKENS;
    private static final int STOP_IDS = BAD_WORD_IDS + Integer.BYTES * MAX_BAD_WORD_TOKENS;
    private static final int BIAS_IDS = STOP_IDS + Integer.BYTES * MAX_STOPS;
    private static final int BIASES = BIAS_IDS + Integer.BYTES * MAX_BIASES;

    private final MemorySegment slot;
    private int usedBytes;
    private int numBadWordTokens;

    /** @param slot {@link #SIZE_BYTES} of native memory, aligned to 8 bytes */
    public SamplingSlot(MemorySegment slot) {
        this.slot = slot;
    }

    /**
     * The real numbers.
     *
     * @param temperature 0 takes the largest logit
     * @param massScale log2(e) / temperature
     * @param minScaled the logarithm of min_p, minus infinity when it is off
     */
    public record Numbers(double temperature, double massScale, double minScaled, double topP, double repetition,
            double frequency, double presence) {}

    /**
     * The whole numbers.
     *
     * @param topK 0 is off
     * @param minTokens outputs before which the stop ids are forbidden
     * @param lowestAllowed the token to take where constraints permit none
     * @param numLogprobs -1 is off
     */
    public record Integers(long seed, int topK, int promptLength, int minTokens, int lowestAllowed, int numLogprobs,
            int numOutputs) {}

    /** Starts a slot anew, without lists. */
    public void start(Numbers numbers, Integers integers) {
        slot.asSlice(0, HEADER_BYTES).fill((byte) 0);
        double[] doubles = {numbers.temperature(), numbers.massScale(), numbers.minScaled(), numbers.topP(),
            numbers.repetition(), numbers.frequency(), numbers.presence()};
        for (int i = 0; i < doubles.length; i++) {
            slot.set(ValueLayout.JAVA_DOUBLE, (long) Double.BYTES * i, doubles[i]);
        }
        slot.set(ValueLayout.JAVA_LONG, (long) Double.BYTES * doubles.length, integers.seed());
        int flags = (numbers.repetition() != 1 ? TRACKS_SEEN : 0)
                | (numbers.frequency() != 0 || numbers.presence() != 0 ? TRACKS_COUNTS : 0);
        int[] ints = {integers.topK(), flags, integers.promptLength(), integers.minTokens(), 0, 0, 0,
            integers.lowestAllowed(), integers.numLogprobs(), integers.numOutputs()};
        for (int i = 0; i < ints.length; i++) {
            setInt(FIRST_INT, i, ints[i]);
        }
        usedBytes = HEADER_BYTES;
        numBadWordTokens = 0;
    }

    private void setInt(int offset, int index, int value) {
        slot.set(ValueLayout.JAVA_INT, offset + (long) Integer.BYTES * index, value);
    }

    private int next(int countOffset, int max, String what) {
        int index = slot.get(ValueLayout.JAVA_INT, countOffset);
        if (index == max) {
            throw new IllegalArgumentException("more than " + max + " " + what);
        }
        slot.set(ValueLayout.JAVA_INT, countOffset, index + 1);
        return index;
    }

    private void use(int endBytes) {
        usedBytes = Math.max(usedBytes, endBytes);
    }

    /** Only tokens of the slot's bitmap may be drawn. */
    public void allowOnlyListed() {
        slot.set(ValueLayout.JAVA_INT, FLAGS, slot.get(ValueLayout.JAVA_INT, FLAGS) | HAS_ALLOWED);
    }

    /** Adds a bias; each token once. */
    public void addBias(int tokenId, double bias) {
        int index = next(NUM_BIASES, MAX_BIASES, "biases");
        setInt(BIAS_IDS, index, tokenId);
        slot.set(ValueLayout.JAVA_DOUBLE, BIASES + (long) Double.BYTES * index, bias);
        use(BIASES + Double.BYTES * (index + 1));
    }

    /** Adds a token that may not be drawn too early; each once. */
    public void addStop(int tokenId) {
        int index = next(NUM_STOPS, MAX_STOPS, "stop ids");
        setInt(STOP_IDS, index, tokenId);
        use(STOP_IDS + Integer.BYTES * (index + 1));
    }

    /** Adds a token to the bad word that is being added. */
    public void addBadWordToken(int tokenId) {
        if (numBadWordTokens == MAX_BAD_WORD_TOKENS) {
            throw new IllegalArgumentException("more than " + MAX_BAD_WORD_TOKENS + " tokens of bad words");
        }
        setInt(BAD_WORD_IDS, numBadWordTokens++, tokenId);
        use(BAD_WORD_IDS + Integer.BYTES * numBadWordTokens);
    }

    /** Ends the bad word, which has a token at least. */
    public void endBadWord() {
        setInt(BAD_WORD_ENDS, next(NUM_BAD_WORDS, MAX_BAD_WORD_TOKENS, "bad words"), numBadWordTokens);
    }

    /** Bytes from the slot's first on that hold all that was written. */
    public int usedBytes() {
        return usedBytes;
    }

    /** The number of outputs of a slot that was copied back, for checks. */
    public int numOutputs() {
        return slot.get(ValueLayout.JAVA_INT, NUM_OUTPUTS);
    }
}
