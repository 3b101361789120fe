package io.penstock.runtime.config;

import java.util.List;

/**
 * Token ids that the model gives a meaning.
 *
 * @param eosTokenIds each of them ends a sequence; at least one
 */
public record SpecialTokens(int bosTokenId, List<Integer> eosTokenIds, int padTokenId) {
    public SpecialTokens {
        eosTokenIds = List.copyOf(eosTokenIds);
    }
}
