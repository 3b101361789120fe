package io.penstock.emulator.ptx;

import java.util.List;

/**
 * A declared variable, or a parameter.
 *
 * @param name as written; variables of nested scopes may share it
 * @param alignBytes of its first byte
 * @param sizeBytes all of it; 0 for an array whose size the launch gives
 * @param isExtern whether it is declared only
 * @param initial values in order, each of the element's size; what they do not reach is zero
 */
public record PtxVariable(
        String name,
        StateSpace space,
        PtxType element,
        int alignBytes,
        long sizeBytes,
        boolean isExtern,
        List<Initial> initial) {
    /**
     * One element's value.
     *
     * @param bits its bits, or what is added to the symbol's address
     * @param symbol whose address it is, or null
     * @param isGeneric whether the generic address is meant
     */
    public record Initial(long bits, String symbol, boolean isGeneric) {}
}
