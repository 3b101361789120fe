package io.penstock.emulator.ptx;

/** Numbers as PTX writes them. */
final class PtxNumbers {
    private PtxNumbers() {}

    static boolean isNumber(String word) {
        return Character.isDigit(word.charAt(0));
    }

    static PtxOperand.Immediate immediate(String word, boolean isNegative, int line) {
        try {
            if (word.startsWith("0f") || word.startsWith("0F")) {
                int bits = Integer.parseUnsignedInt(digits(word, 8), 16);
                return new PtxOperand.Immediate(isNegative ? bits ^ Integer.MIN_VALUE : bits,
                        PtxOperand.Immediate.Kind.F32);
            }
            if (word.startsWith("0d") || word.startsWith("0D")) {
                long bits = Long.parseUnsignedLong(digits(word, 16), 16);
                return new PtxOperand.Immediate(isNegative ? bits ^ Long.MIN_VALUE : bits,
                        PtxOperand.Immediate.Kind.F64);
            }
            boolean isHex = word.startsWith("0x") || word.startsWith("0X");
            if (!isHex && (word.indexOf('.') >= 0 || word.indexOf('e') >= 0 || word.indexOf('E') >= 0)) {
                double value = Double.parseDouble(word);
                return new PtxOperand.Immediate(Double.doubleToRawLongBits(isNegative ? -value : value),
                        PtxOperand.Immediate.Kind.F64);
            }
            long value = integer(word);
            return new PtxOperand.Immediate(isNegative ? -value : value, PtxOperand.Immediate.Kind.INTEGER);
        } catch (NumberFormatException e) {
            throw PtxException.syntax(line, "'" + word + "' is no number");
        }
    }

    /** What follows 0f or 0d: exactly the bits of the float. */
    private static String digits(String word, int num) {
        if (word.length() != 2 + num) {
            throw new NumberFormatException(word);
        }
        return word.substring(2);
    }

    static long integer(String word) {
        String digits = word.endsWith("U") || word.endsWith("u") ? word.substring(0, word.length() - 1) : word;
        if (digits.startsWith("0x") || digits.startsWith("0X")) {
            return Long.parseUnsignedLong(digits.substring(2), 16);
        }
        if (digits.startsWith("0b") || digits.startsWith("0B")) {
            return Long.parseUnsignedLong(digits.substring(2), 2);
        }
        if (digits.length() > 1 && digits.startsWith("0")) {
            return Long.parseUnsignedLong(digits, 8);
        }
        return Long.parseUnsignedLong(digits);
    }
}
