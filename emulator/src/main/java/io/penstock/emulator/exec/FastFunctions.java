package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;

/** Direct forms of the instructions that compilers write most. */
final class FastFunctions {
    private FastFunctions() {}

    /** The direct form of a 32-bit instruction, or null. */
    static Alu32.Function of(PtxInstruction source, PtxType type) {
        if (type.isFloat()) {
            return FloatFunctions.fast(source, type);
        }
        boolean isPair = type == PtxType.U16X2 || type == PtxType.S16X2;
        if (type.sizeBytes() != 4 || isPair || source.has("sat") || source.has("hi") || source.has("wide")) {
            return null;
        }
        boolean isSigned = type.isSigned();
        return switch (source.opcode()) {
            case "add" -> (a, b, c) -> a + b;
            case "sub" -> (a, b, c) -> a - b;
            case "mul" -> (a, b, c) -> a * b;
            case "mad" -> (a, b, c) -> a * b + c;
            case "and" -> (a, b, c) -> a & b;
            case "or" -> (a, b, c) -> a | b;
            case "xor" -> (a, b, c) -> a ^ b;
            case "shl" -> (a, b, c) -> Integer.compareUnsigned(b, 31) > 0 ? 0 : a << b;
            case "shr" -> isSigned ? (a, b, c) -> a >> (Integer.compareUnsigned(b, 31) > 0 ? 31 : b)
                    : (a, b, c) -> Integer.compareUnsigned(b, 31) > 0 ? 0 : a >>> b;
            case "min" -> isSigned && !source.has("relu") ? (a, b, c) -> Math.min(a, b) : null;
            case "max" -> isSigned && !source.has("relu") ? (a, b, c) -> Math.max(a, b) : null;
            default -> null;
        };
    }

    /** The direct form of an integer instruction with a 64-bit result, or null. */
    static AluLong.Function longOf(PtxInstruction source, PtxType type) {
        boolean isWide = source.has("wide");
        if (type.isFloat() || type.sizeBytes() != (isWide ? 4 : 8) || source.has("sat") || source.has("hi")) {
            return null;
        }
        if (isWide) {
            return wide(source, type.isSigned());
        }
        boolean isSigned = type.isSigned();
        return switch (source.opcode()) {
            case "add" -> (a, b, c) -> a + b;
            case "sub" -> (a, b, c) -> a - b;
            case "mul" -> (a, b, c) -> a * b;
            case "mad" -> (a, b, c) -> a * b + c;
            case "and" -> (a, b, c) -> a & b;
            case "or" -> (a, b, c) -> a | b;
            case "xor" -> (a, b, c) -> a ^ b;
            case "shl" -> (a, b, c) -> (b & 0xFFFF_FFFFL) > 63 ? 0 : a << b;
            case "shr" -> isSigned ? (a, b, c) -> a >> Math.min(63, b & 0xFFFF_FFFFL)
                    : (a, b, c) -> (b & 0xFFFF_FFFFL) > 63 ? 0 : a >>> b;
            default -> null;
        };
    }

    private static AluLong.Function wide(PtxInstruction source, boolean isSigned) {
        return switch (source.opcode()) {
            case "mul" -> isSigned ? (a, b, c) -> (long) (int) a * (int) b
                    : (a, b, c) -> (a & 0xFFFF_FFFFL) * (b & 0xFFFF_FFFFL);
            case "mad" -> isSigned ? (a, b, c) -> (long) (int) a * (int) b + c
                    : (a, b, c) -> (a & 0xFFFF_FFFFL) * (b & 0xFFFF_FFFFL) + c;
            default -> null;
        };
    }
}
