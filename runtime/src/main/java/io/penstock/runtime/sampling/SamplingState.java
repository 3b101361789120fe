package io.penstock.runtime.sampling;

import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.TokenConstraints;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * What choosing the next token of one running sequence depends on besides the logits: its parameters, which tokens it
 * holds and how often it produced them. One per conv slot, made at start and used by one sequence after the other;
 * what a sequence leaves behind is cleared in time proportional to what it touched. About {@code vocabSize / 8} bytes.
 *
 * <p>{@link #start} may allocate, when a request brings more constraints than any before it in this slot, or
 * frequency and presence penalties over a longer output; {@link #append} never does.
 */
public final class SamplingState {
    private final int vocabSize;
    private final int maxModelLen;
    private final TokenSet seen;
    private final TokenCounts outputCounts = new TokenCounts();
    private final BadWords badWords = new BadWords();
    private final TokenIds stopTokenIds = new TokenIds();
    private final TokenIds allowedTokenIds = new TokenIds();
    private final TokenIds biasedTokenIds = new TokenIds();
    private double[] biases = new double[0];

    private SamplingParams params;
    private boolean tracksSeen;
    private boolean tracksCounts;
    private boolean forbidsEnd;
    private int numOutputTokens;
    private int lastToken;

    public SamplingState(int vocabSize, int maxModelLen) {
        this.vocabSize = vocabSize;
        this.maxModelLen = maxModelLen;
        seen = new TokenSet(vocabSize);
    }

    /**
     * Takes over a sequence. {@code tokens} holds {@code promptLength} prompt tokens and, when the sequence resumes
     * after it was preempted, the outputs that it had: {@code numTokens} in all. The array is read here and not kept.
     * Ids outside the vocabulary in {@code params} are left out: {@link Sampler#requireKnownIds} refuses them earlier.
     */
    public void start(SamplingParams params, int[] tokens, int promptLength, int numTokens) {
        if (promptLength < 0 || promptLength > numTokens || numTokens > tokens.length || numTokens > maxModelLen) {
            throw new IllegalArgumentException("promptLength " + promptLength + ", numTokens " + numTokens + " of "
                    + tokens.length + ", maxModelLen " + maxModelLen);
        }
        this.params = params;
        Penalties penalties = params.penalties();
        tracksSeen = penalties.repetition() != 1;
        tracksCounts = penalties.frequency() != 0 || penalties.presence() != 0;
        seen.clear();
        if (tracksSeen) {
            for (int i = 0; i < promptLength; i++) {
                seen.add(tokens[i]);
            }
        }
        int maxOutputs = Math.max(numTokens - promptLength,
                Math.min(params.stop().maxTokens(), maxModelLen - promptLength)) + 1;
        outputCounts.reset(tracksCounts ? Math.min(vocabSize, maxOutputs) : 0);
        startConstraints(params.constraints(), params.stop().stopTokenIds());
        numOutputTokens = 0;
        lastToken = promptLength == 0 ? -1 : tokens[promptLength - 1];
        for (int i = promptLength; i < numTokens; i++) {
            append(tokens[i]);
        }
    }

    private void startConstraints(TokenConstraints constraints, Set<Integer> stopIds) {
        badWords.reset(constraints.badWords(), vocabSize);
        allowedTokenIds.reset(constraints.allowedTokenIds(), vocabSize);
        stopTokenIds.reset(stopIds, vocabSize);
        Map<Integer, Double> logitBias = constraints.logitBias();
        biasedTokenIds.reset(logitBias.keySet(), vocabSize);
        if (biases.length < biasedTokenIds.size()) {
            biases = new double[biasedTokenIds.size()];
        }
        for (int i = 0; i < biasedTokenIds.size(); i++) {
            biases[i] = logitBias.get(biasedTokenIds.at(i));
        }
        forbidsEnd = params.stop().minTokens() > 0;
    }

    /** The sequence has a new output token. */
    public void append(int tokenId) {
        if (tokenId < 0 || tokenId >= vocabSize) {
            throw new IllegalArgumentException("token " + tokenId + " of " + vocabSize);
        }
        if (tracksSeen) {
            seen.add(tokenId);
        }
        if (tracksCounts) {
            outputCounts.increment(tokenId);
        }
        badWords.record(tokenId);
        lastToken = tokenId;
        numOutputTokens++;
        forbidsEnd = numOutputTokens < params.stop().minTokens();
    }

    /** The newest token, of the output or else of the prompt; -1 when there is none. */
    public int lastToken() {
        return lastToken;
    }

    public int numOutputTokens() {
        return numOutputTokens;
    }

    /** The parameters of the sequence that was started last; null before the first. */
    public SamplingParams params() {
        return params;
    }

    int vocabSize() {
        return vocabSize;
    }

    /** Whether the most likely token of the raw logits is what a greedy sequence takes. */
    boolean leavesLogitsAlone() {
        return !tracksSeen && !tracksCounts && !forbidsEnd && badWords.isEmpty()
                && params.constraints().allowedTokenIds().isEmpty() && biasedTokenIds.size() == 0;
    }

    /** Whether end tokens may not be drawn yet. */
    boolean forbidsEnd() {
        return forbidsEnd;
    }

    boolean hasAllowedTokenIds() {
        return !params.constraints().allowedTokenIds().isEmpty();
    }

    TokenIds allowedTokenIds() {
        return allowedTokenIds;
    }

    TokenIds stopTokenIds() {
        return stopTokenIds;
    }

    BadWords badWords() {
        return badWords;
    }

    TokenIds biasedTokenIds() {
        return biasedTokenIds;
    }

    /** The bias of the {@code index}-th of {@link #biasedTokenIds}. */
    double bias(int index) {
        return biases[index];
    }

    /** Tokens of prompt and output; empty when there is no repetition penalty. */
    TokenSet seen() {
        return seen;
    }

    /** Tokens of the output; empty when there is neither a frequency nor a presence penalty. */
    TokenCounts outputCounts() {
        return outputCounts;
    }

    /** Ids of a request in rising order, in an array that is used again. */
    static final class TokenIds {
        private int[] ids = new int[0];
        private int size;

        /** Only this may allocate. Ids outside the vocabulary are left out. */
        void reset(Set<Integer> tokenIds, int vocabSize) {
            size = 0;
            if (tokenIds.isEmpty()) {
                return;
            }
            if (ids.length < tokenIds.size()) {
                ids = new int[tokenIds.size()];
            }
            for (int tokenId : tokenIds) {
                if (tokenId >= 0 && tokenId < vocabSize) {
                    ids[size++] = tokenId;
                }
            }
            Arrays.sort(ids, 0, size);
        }

        int size() {
            return size;
        }

        int at(int index) {
            return ids[index];
        }
    }
}
