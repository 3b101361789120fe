package io.penstock.emulator.ptx;

import java.util.List;

/** An operand as written, with its names resolved. */
public sealed interface PtxOperand {
    /** A register, or its negation where it is a predicate. */
    record Register(PtxRegister register, boolean isNegated) implements PtxOperand {}

    /** A number. Bits are those of a 64-bit integer, or of a float of the width that was written. */
    record Immediate(long bits, Kind kind) implements PtxOperand {
        /** How it was written. */
        public enum Kind {
            INTEGER,
            F32,
            F64
        }
    }

    /** A special register such as {@code %tid.x}. */
    record Special(String name) implements PtxOperand {}

    /** The address of a variable, or of a function, that lies in a module or function. */
    record Symbol(String name, PtxVariable variable, long offsetBytes) implements PtxOperand {}

    /** A name that is a label, a function, a prototype or a table of labels. */
    record Name(String name) implements PtxOperand {}

    /** Memory at base plus offset; the base is a register, a symbol or an immediate. */
    record Address(PtxOperand base, long offsetBytes) implements PtxOperand {}

    /** Several operands in braces; absent ones are {@link Sink}. */
    record Vector(List<PtxOperand> elements) implements PtxOperand {}

    /** A result and a predicate beside it. */
    record Pair(PtxOperand first, PtxOperand second) implements PtxOperand {}

    /** Operands in parentheses: the arguments or the results of a call. */
    record Group(List<PtxOperand> elements) implements PtxOperand {}

    /** A result that nobody wants. */
    record Sink() implements PtxOperand {}

    /** Operands that are PTX, but not understood here: the instruction cannot be executed. */
    record Unsupported(String problem) implements PtxOperand {}
}
