package io.penstock.emulator.ptx;

import java.util.List;

/**
 * An instruction as written.
 *
 * @param opcode the first word
 * @param modifiers the words after it, without dots, in order
 * @param guard the predicate in front of it, or null
 * @param line in the PTX text, from 1
 * @param cudaLine in the CUDA text, from 1; 0 if the PTX does not say
 */
public record PtxInstruction(
        String opcode,
        List<String> modifiers,
        PtxOperand.Register guard,
        List<PtxOperand> operands,
        int line,
        int cudaLine) {
    public boolean has(String modifier) {
        return modifiers.contains(modifier);
    }

    /** Opcode and modifiers as written. */
    public String name() {
        return modifiers.isEmpty() ? opcode : opcode + "." + String.join(".", modifiers);
    }
}
