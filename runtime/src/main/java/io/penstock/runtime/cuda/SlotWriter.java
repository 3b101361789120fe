package io.penstock.runtime.cuda;

import io.penstock.kernels.SampleKernel;
import io.penstock.kernels.SamplingSlot;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.sampling.TokenMass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A sequence's sampling state as the kernels read it, in memory that is used again for each sequence. */
final class SlotWriter {
    static final long SLOT_BYTES = SamplingSlot.SIZE_BYTES;

    private final int vocabSize;
    private final int numValidTokens;
    private final int maxModelLen;
    private final int[] eosTokenIds;
    private final long bitmapBytes;
    private final MemorySegment slot;
    private final MemorySegment seen;
    private final MemorySegment allowed;
    private final MemorySegment lastToken;
    private final SamplingSlot writer;
    private boolean hasSeen;
    private boolean hasAllowed;

    SlotWriter(Arena arena, DeviceSampler.Vocabulary vocabulary, ModelLimits limits) {
        int maxEosTokens = SamplingSlot.MAX_STOPS - StopConditions.MAX_STOP_TOKEN_IDS;
        if (vocabulary.eosTokenIds().length > maxEosTokens) {
            throw new InputException("the model has " + vocabulary.eosTokenIds().length
                    + " end tokens: sampling on a device takes at most " + maxEosTokens);
        }
        vocabSize = vocabulary.size();
        numValidTokens = vocabulary.numValidTokens();
        maxModelLen = limits.maxModelLen();
        eosTokenIds = vocabulary.eosTokenIds().clone();
        bitmapBytes = (long) Integer.BYTES * SampleKernel.bitmapWords(vocabSize);
        slot = arena.allocate(SLOT_BYTES, Long.BYTES);
        seen = arena.allocate(bitmapBytes, Integer.BYTES);
        allowed = arena.allocate(bitmapBytes, Integer.BYTES);
        lastToken = arena.allocate(ValueLayout.JAVA_INT);
        writer = new SamplingSlot(slot);
    }

    /** Takes over a sequence: what {@link io.penstock.runtime.sampling.SamplingState#start} does. */
    void write(SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        if (promptLength < 0 || promptLength > numTokens || numTokens > tokenIds.length || numTokens > maxModelLen) {
            throw new IllegalArgumentException("promptLength " + promptLength + ", numTokens " + numTokens + " of "
                    + tokenIds.length + ", maxModelLen " + maxModelLen);
        }
        TokenFilters filters = params.filters();
        Penalties penalties = params.penalties();
        Set<Integer> allowedIds = params.constraints().allowedTokenIds();
        writer.start(
                new SamplingSlot.Numbers(params.temperature(), TokenMass.scale(params.temperature()),
                        filters.minScaled(), filters.topP(), penalties.repetition(), penalties.frequency(),
                        penalties.presence()),
                new SamplingSlot.Integers(params.seed(), Math.max(0, filters.topK()), promptLength,
                        params.stop().minTokens(), lowestAllowed(allowedIds), params.numLogprobs(),
                        numTokens - promptLength));
        hasSeen = penalties.repetition() != 1;
        if (hasSeen) {
            seen.fill((byte) 0);
            for (int i = 0; i < numTokens; i++) {
                setBit(seen, tokenIds[i]);
            }
        }
        hasAllowed = !allowedIds.isEmpty();
        if (hasAllowed) {
            writer.allowOnlyListed();
            allowed.fill((byte) 0);
            for (int tokenId : allowedIds) {
                if (isInVocabulary(tokenId)) {
                    setBit(allowed, tokenId);
                }
            }
        }
        if (numTokens > 0) {
            lastToken.set(ValueLayout.JAVA_INT, 0, tokenIds[numTokens - 1]);
        }
        writeLists(params.constraints(), params);
    }

    private void writeLists(TokenConstraints constraints, SamplingParams params) {
        for (Map.Entry<Integer, Double> bias : constraints.logitBias().entrySet()) {
            if (isInVocabulary(bias.getKey())) {
                writer.addBias(bias.getKey(), bias.getValue());
            }
        }
        if (params.stop().minTokens() > 0) {
            for (int tokenId : params.stop().stopTokenIds()) {
                if (isInVocabulary(tokenId)) {
                    writer.addStop(tokenId);
                }
            }
            for (int i = 0; i < eosTokenIds.length && !params.stop().ignoreEos(); i++) {
                if (isFirst(i) && !params.stop().stopTokenIds().contains(eosTokenIds[i])) {
                    writer.addStop(eosTokenIds[i]);
                }
            }
        }
        for (List<Integer> word : constraints.badWords()) {
            if (isInVocabulary(Collections.min(word)) && isInVocabulary(Collections.max(word))) {
                word.forEach(writer::addBadWordToken);
                writer.endBadWord();
            }
        }
    }

    private boolean isFirst(int eosIndex) {
        for (int i = 0; i < eosIndex; i++) {
            if (eosTokenIds[i] == eosTokenIds[eosIndex]) {
                return false;
            }
        }
        return true;
    }

    private boolean isInVocabulary(int tokenId) {
        return tokenId >= 0 && tokenId < vocabSize;
    }

    private int lowestAllowed(Set<Integer> allowedIds) {
        int lowest = Integer.MAX_VALUE;
        for (int tokenId : allowedIds) {
            lowest = tokenId >= 0 ? Math.min(lowest, tokenId) : lowest;
        }
        return lowest < numValidTokens ? lowest : 0;
    }

    private static void setBit(MemorySegment bitmap, int tokenId) {
        long offset = (long) Integer.BYTES * (tokenId >>> 5);
        bitmap.set(ValueLayout.JAVA_INT, offset, bitmap.get(ValueLayout.JAVA_INT, offset) | 1 << tokenId);
    }

    MemorySegment slot() {
        return slot;
    }

    /** Bytes of the slot that matter. */
    long slotBytes() {
        return writer.usedBytes();
    }

    /** Whether tokens of prompt and output matter. */
    boolean hasSeen() {
        return hasSeen;
    }

    MemorySegment seen() {
        return seen;
    }

    /** Whether only some tokens may be drawn. */
    boolean hasAllowed() {
        return hasAllowed;
    }

    MemorySegment allowed() {
        return allowed;
    }

    /** Bytes of a bitmap of the vocabulary. */
    long bitmapBytes() {
        return bitmapBytes;
    }

    MemorySegment lastToken() {
        return lastToken;
    }
}
