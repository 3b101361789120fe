package io.penstock.emulator.ptx;

import java.util.ArrayList;
import java.util.List;

/** Reads declarations of variables and parameters. */
final class PtxDeclarations {
    private final PtxTokens tokens;

    PtxDeclarations(PtxTokens tokens) {
        this.tokens = tokens;
    }

    /** Parameters in parentheses. */
    List<PtxVariable> parameters() {
        List<PtxVariable> parameters = new ArrayList<>();
        tokens.expect("(");
        while (!tokens.takeIf(")")) {
            if (tokens.peek().equals(".reg")) {
                throw PtxException.unsupported(tokens.line(), "a parameter in a register");
            }
            StateSpace space = space();
            Shape shape = shape();
            parameters.add(variable(space, shape, false));
            tokens.takeIf(",");
        }
        return parameters;
    }

    /** One declaration up to its semicolon; it may have several names. */
    List<PtxVariable> variables(boolean isExtern) {
        List<PtxVariable> variables = new ArrayList<>();
        StateSpace space = space();
        Shape shape = shape();
        do {
            variables.add(variable(space, shape, isExtern));
        } while (tokens.takeIf(","));
        tokens.expect(";");
        return variables;
    }

    private record Shape(PtxType type, int alignBytes, int vectorLength) {}

    private StateSpace space() {
        String word = tokens.take();
        StateSpace space = word.startsWith(".") ? StateSpace.of(word.substring(1)) : null;
        if (space == null) {
            throw PtxException.unsupported(tokens.line(), "a variable in " + word);
        }
        return space;
    }

    private Shape shape() {
        int alignBytes = 0;
        int vectorLength = 1;
        PtxType type = null;
        while (tokens.peek().startsWith(".")) {
            int line = tokens.line();
            String word = tokens.take();
            switch (word) {
                case ".align" -> alignBytes = (int) tokens.takeInteger();
                case ".ptr" -> pointerHints();
                case ".v2" -> vectorLength = 2;
                case ".v4" -> vectorLength = 4;
                case ".attribute" -> tokens.skipPast(")");
                default -> {
                    type = PtxType.of(word.substring(1));
                    if (type == null) {
                        throw PtxException.unsupported(line, "the type " + word);
                    }
                }
            }
        }
        if (type == null) {
            throw PtxException.syntax(tokens.line(), "a type expected, '" + tokens.peek() + "' found");
        }
        return new Shape(type, Math.max(alignBytes, type.sizeBytes() * (alignBytes == 0 ? vectorLength : 1)),
                vectorLength);
    }

    private void pointerHints() {
        while (tokens.peek().startsWith(".")) {
            if (tokens.take().equals(".align")) {
                tokens.take();
            }
        }
    }

    private PtxVariable variable(StateSpace space, Shape shape, boolean isExtern) {
        String name = tokens.take();
        long numElements = shape.vectorLength();
        while (tokens.takeIf("[")) {
            if (tokens.takeIf("]")) {
                numElements = 0;
            } else {
                numElements *= tokens.takeInteger();
                tokens.expect("]");
            }
        }
        List<PtxVariable.Initial> initial = new ArrayList<>();
        if (tokens.takeIf("=")) {
            initial(shape.type(), initial);
        }
        if (numElements == 0) {
            numElements = initial.size();
        }
        return new PtxVariable(name, space, shape.type(), shape.alignBytes(), numElements * shape.type().sizeBytes(),
                isExtern, initial);
    }

    private void initial(PtxType type, List<PtxVariable.Initial> values) {
        if (tokens.takeIf("{")) {
            while (!tokens.takeIf("}")) {
                initial(type, values);
                tokens.takeIf(",");
            }
            return;
        }
        int line = tokens.line();
        boolean isNegative = tokens.takeIf("-");
        String word = tokens.take();
        if (PtxNumbers.isNumber(word)) {
            PtxOperand.Immediate value = PtxNumbers.immediate(word, isNegative, line);
            values.add(new PtxVariable.Initial(elementBits(value, type), null, false));
            return;
        }
        boolean isGeneric = word.equals("generic");
        if (isGeneric || word.equals("mask")) {
            if (!isGeneric) {
                throw PtxException.unsupported(line, "a masked address");
            }
            tokens.expect("(");
            word = tokens.take();
            tokens.expect(")");
        }
        long offset = 0;
        if (tokens.peek().equals("+") || tokens.peek().equals("-")) {
            boolean minus = tokens.take().equals("-");
            long amount = tokens.takeInteger();
            offset = minus ? -amount : amount;
        }
        values.add(new PtxVariable.Initial(offset, word, isGeneric));
    }

    private static long elementBits(PtxOperand.Immediate value, PtxType type) {
        return switch (value.kind()) {
            case INTEGER, F32 -> value.bits();
            case F64 -> type == PtxType.F32
                    ? Float.floatToRawIntBits((float) Double.longBitsToDouble(value.bits())) : value.bits();
        };
    }
}
