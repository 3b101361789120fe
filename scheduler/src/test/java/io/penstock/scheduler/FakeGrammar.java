package io.penstock.scheduler;

import io.penstock.runtime.TokenGrammar;
import java.util.HashMap;
import java.util.Map;

/**
 * Outputs whose permitted tokens are a hash of those before: about a third of the vocabulary at each place, an end at
 * every third place, and nothing but an end at every seventh.
 */
final class FakeGrammar implements TokenGrammar {
    private static final int NUM_KEYS = 40;

    private final int endTokenId;
    private final int numTokens;
    private final Map<Integer, Place> places = new HashMap<>();

    FakeGrammar(int numTokens, int endTokenId) {
        this.numTokens = numTokens;
        this.endTokenId = endTokenId;
    }

    private static int hash(int value) {
        int mixed = (value ^ value >>> 16) * 0x7feb352d;
        return (mixed ^ mixed >>> 15) * 0x846ca68b >>> 4;
    }

    private Place place(int key) {
        return places.computeIfAbsent(key, Place::new);
    }

    @Override
    public State start() {
        return place(1);
    }

    private final class Place implements State {
        private final int key;

        Place(int key) {
            this.key = key;
        }

        private boolean permits(int tokenId) {
            if (tokenId == endTokenId) {
                return key % 3 == 0 || key % 7 == 0;
            }
            return tokenId < numTokens && key % 7 != 0 && hash(key * 31 + hash(tokenId)) % 3 == 0;
        }

        @Override
        public State after(int tokenId) {
            return tokenId != endTokenId && permits(tokenId) ? place(hash(key * 7 + hash(tokenId)) % NUM_KEYS) : null;
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            for (int word = 0; word < numWords; word++) {
                int bits = 0;
                for (int bit = 0; bit < 32; bit++) {
                    bits |= permits(32 * word + bit) ? 1 << bit : 0;
                }
                words[offset + word] = bits;
            }
        }
    }
}
