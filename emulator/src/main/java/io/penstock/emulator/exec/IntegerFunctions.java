package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;

/** What integer instructions compute, on values extended to 64 bits as their type says. */
final class IntegerFunctions {
    private IntegerFunctions() {}

    static long extend(long value, PtxType type) {
        return switch (type) {
            case S8 -> (byte) value;
            case S16 -> (short) value;
            case S32 -> (int) value;
            case U8, B8 -> value & 0xFF;
            case U16, B16, F16, BF16 -> value & 0xFFFF;
            case U32, B32 -> value & 0xFFFF_FFFFL;
            default -> value;
        };
    }

    /** The function, or null if the instruction is no integer arithmetic. */
    static AluLong.Function of(PtxInstruction source, PtxType type) {
        if (type == PtxType.U16X2 || type == PtxType.S16X2) {
            PtxType half = type == PtxType.U16X2 ? PtxType.U16 : PtxType.S16;
            AluLong.Function one = of(source, half);
            return one == null || source.has("sat") ? null : (a, b, c) -> one.apply(extend(a, half), extend(b, half), 0)
                    & 0xFFFF | one.apply(extend(a >>> 16, half), extend(b >>> 16, half), 0) << 16;
        }
        boolean isSigned = type.isSigned();
        return switch (source.opcode()) {
            case "add" -> source.has("sat") ? (a, b, c) -> Math.clamp(a + b, Integer.MIN_VALUE, Integer.MAX_VALUE)
                    : (a, b, c) -> a + b;
            case "sub" -> source.has("sat") ? (a, b, c) -> Math.clamp(a - b, Integer.MIN_VALUE, Integer.MAX_VALUE)
                    : (a, b, c) -> a - b;
            case "mul", "mad" -> product(source, type);
            case "mul24", "mad24" -> product24(source, isSigned);
            case "sad" -> (a, b, c) -> c
                    + ((isSigned ? Long.compare(a, b) : Long.compareUnsigned(a, b)) < 0 ? b - a : a - b);
            case "div" -> isSigned ? (a, b, c) -> b == 0 ? -1 : a / b
                    : (a, b, c) -> b == 0 ? -1 : Long.divideUnsigned(a, b);
            case "rem" -> isSigned ? (a, b, c) -> b == 0 ? a : a % b
                    : (a, b, c) -> b == 0 ? a : Long.remainderUnsigned(a, b);
            case "abs" -> (a, b, c) -> Math.abs(a);
            case "neg" -> (a, b, c) -> -a;
            case "min" -> minMax(source, isSigned, true);
            case "max" -> minMax(source, isSigned, false);
            case "and" -> (a, b, c) -> a & b;
            case "or" -> (a, b, c) -> a | b;
            case "xor" -> (a, b, c) -> a ^ b;
            case "not" -> (a, b, c) -> ~a;
            case "cnot" -> (a, b, c) -> a == 0 ? 1 : 0;
            default -> bits(source, type);
        };
    }

    private static AluLong.Function minMax(PtxInstruction source, boolean isSigned, boolean isMin) {
        boolean relu = source.has("relu");
        if (isSigned) {
            return isMin ? (a, b, c) -> relu ? Math.max(0, Math.min(a, b)) : Math.min(a, b)
                    : (a, b, c) -> relu ? Math.max(0, Math.max(a, b)) : Math.max(a, b);
        }
        return isMin ? (a, b, c) -> Long.compareUnsigned(a, b) < 0 ? a : b
                : (a, b, c) -> Long.compareUnsigned(a, b) > 0 ? a : b;
    }

    private static AluLong.Function bits(PtxInstruction source, PtxType type) {
        int bits = type.bits();
        long within = bits == 64 ? -1 : (1L << bits) - 1;
        return switch (source.opcode()) {
            case "shl" -> (a, b, c) -> (b & 0xFFFF_FFFFL) >= bits ? 0 : a << b;
            case "shr" -> type.isSigned() ? (a, b, c) -> a >> Math.min(63, b & 0xFFFF_FFFFL)
                    : (a, b, c) -> (b & 0xFFFF_FFFFL) >= bits ? 0 : (a & within) >>> b;
            case "popc" -> (a, b, c) -> Long.bitCount(a & within);
            case "clz" -> (a, b, c) -> Long.numberOfLeadingZeros(a & within) - (64 - bits);
            case "brev" -> (a, b, c) -> Long.reverse(a) >>> 64 - bits;
            case "bfind" -> (a, b, c) -> {
                long value = type.isSigned() && a < 0 ? ~a : a;
                int place = 63 - Long.numberOfLeadingZeros(value & within);
                return source.has("shiftamt") && place >= 0 ? bits - 1 - place : place;
            };
            default -> null;
        };
    }

    private static AluLong.Function product(PtxInstruction source, PtxType type) {
        if (source.has("hi")) {
            return switch (type) {
                case S64 -> (a, b, c) -> Math.multiplyHigh(a, b) + c;
                case U64 -> (a, b, c) -> Math.unsignedMultiplyHigh(a, b) + c;
                case S16, U16 -> (a, b, c) -> (a * b >> 16) + c;
                default -> source.has("sat")
                        ? (a, b, c) -> Math.clamp((a * b >> 32) + c, Integer.MIN_VALUE, Integer.MAX_VALUE)
                        : (a, b, c) -> (type.isSigned() ? a * b >> 32 : a * b >>> 32) + c;
            };
        }
        return (a, b, c) -> a * b + c;
    }

    private static AluLong.Function product24(PtxInstruction source, boolean isSigned) {
        int shift = source.has("hi") ? 16 : 0;
        boolean saturates = source.has("sat");
        return (a, b, c) -> {
            long product = isSigned ? (a << 40 >> 40) * (b << 40 >> 40) : (a & 0xFF_FFFF) * (b & 0xFF_FFFF);
            long sum = (int) (product >> shift) + c;
            return saturates ? Math.clamp(sum, Integer.MIN_VALUE, Integer.MAX_VALUE) : sum;
        };
    }

    static AluLong.Function bfe(PtxType type) {
        int bits = type.bits();
        return (a, b, c) -> {
            int start = (int) b & 0xFF;
            int length = (int) c & 0xFF;
            long result = 0;
            long sign = 0;
            if (type.isSigned() && length != 0) {
                sign = a >>> Math.min(start + length - 1, bits - 1) & 1;
            }
            for (int i = 0; i < bits; i++) {
                long bit = i < length && start + i < bits ? a >>> start + i & 1 : sign;
                result |= bit << i;
            }
            return result;
        };
    }

    static long bfi(long a, long b, int start, int length, int bits) {
        long result = b;
        int from = start & 0xFF;
        for (int i = 0; i < (length & 0xFF) && from + i < bits; i++) {
            result = result & ~(1L << from + i) | (a >>> i & 1) << from + i;
        }
        return result;
    }

    static int lop3(int a, int b, int c, int table) {
        int result = 0;
        for (int i = 0; i < 8; i++) {
            if ((table >>> i & 1) != 0) {
                result |= ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
            }
        }
        return result;
    }

    static int prmt(int a, int b, int c, String mode) {
        long bytes = a & 0xFFFF_FFFFL | (long) b << 32;
        int result = 0;
        for (int i = 0; i < 4; i++) {
            int select = switch (mode) {
                case "f4e" -> (c & 3) + i & 7;
                case "b4e" -> (c & 3) - i & 7;
                case "rc8" -> c & 3;
                case "ecl" -> Math.max(i, c & 3);
                case "ecr" -> Math.min(i, c & 3);
                case "rc16" -> (c & 1) * 2 + (i & 1);
                default -> c >>> 4 * i & 15;
            };
            int value = (int) (bytes >>> 8 * (select & 7)) & 0xFF;
            if ((select & 8) != 0) {
                value = (byte) value < 0 ? 0xFF : 0;
            }
            result |= value << 8 * i;
        }
        return result;
    }

    static int shf(int a, int b, int c, boolean isLeft, boolean wraps) {
        int n = wraps ? c & 31 : (int) Math.min(c & 0xFFFF_FFFFL, 32);
        long both = (long) b << 32 | a & 0xFFFF_FFFFL;
        return isLeft ? (int) (both << n >>> 32) : (int) (both >>> n);
    }

    static int dp(int a, int b, int c, PtxType left, PtxType right) {
        int sum = c;
        for (int i = 0; i < 32; i += 8) {
            sum += (int) (extend(a >>> i, narrow(left, 8)) * extend(b >>> i, narrow(right, 8)));
        }
        return sum;
    }

    static int dp2(int a, int b, int c, PtxType[] types, boolean high) {
        int shift = high ? 16 : 0;
        return c + (int) (extend(a, narrow(types[0], 16)) * extend(b >>> shift, narrow(types[1], 8))
                + extend(a >>> 16, narrow(types[0], 16)) * extend(b >>> shift + 8, narrow(types[1], 8)));
    }

    private static PtxType narrow(PtxType type, int bits) {
        return type.isSigned() ? bits == 8 ? PtxType.S8 : PtxType.S16 : bits == 8 ? PtxType.U8 : PtxType.U16;
    }

    static int fns(int mask, int base, int offset) {
        int pos = base & 31;
        if (offset == 0) {
            return (mask >>> pos & 1) != 0 ? pos : -1;
        }
        int step = offset > 0 ? 1 : -1;
        int left = Math.abs(offset);
        for (int at = pos; at >= 0 && at < 32; at += step) {
            if ((mask >>> at & 1) != 0 && --left == 0) {
                return at;
            }
        }
        return -1;
    }
}
