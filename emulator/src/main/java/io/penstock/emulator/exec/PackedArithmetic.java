package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;
import java.util.List;

/** What video instructions compute on the two or four parts of a register. */
final class PackedArithmetic {
    private final String operation;
    private final int bits;
    private final boolean accumulates;
    private final boolean saturates;
    private final PtxType result;
    private final PtxType left;
    private final PtxType right;

    PackedArithmetic(PtxInstruction source, List<PtxType> types) {
        String name = source.opcode();
        this.operation = name.substring(1, name.length() - 1);
        this.bits = name.endsWith("4") ? 8 : 16;
        this.accumulates = source.has("add");
        this.saturates = source.has("sat");
        this.result = part(types.get(0));
        this.left = part(types.get(1));
        this.right = part(types.get(2));
    }

    private PtxType part(PtxType type) {
        return bits == 8 ? type.isSigned() ? PtxType.S8 : PtxType.U8 : type.isSigned() ? PtxType.S16 : PtxType.U16;
    }

    int apply(int a, int b, int c) {
        int merged = 0;
        int sum = c;
        int within = (1 << bits) - 1;
        for (int shift = 0; shift < 32; shift += bits) {
            long value = one(IntegerFunctions.extend(a >>> shift, left), IntegerFunctions.extend(b >>> shift, right));
            if (saturates) {
                long max = result.isSigned() ? within >> 1 : within;
                value = Math.clamp(value, result.isSigned() ? -max - 1 : 0, max);
            }
            value = IntegerFunctions.extend(value, result);
            sum += (int) value;
            merged |= ((int) value & within) << shift;
        }
        return accumulates ? sum : merged;
    }

    private long one(long x, long y) {
        return switch (operation) {
            case "add" -> x + y;
            case "sub" -> x - y;
            case "avrg" -> x + y + (x + y >= 0 ? 1 : 0) >> 1;
            case "absdiff" -> Math.abs(x - y);
            case "min" -> Math.min(x, y);
            default -> Math.max(x, y);
        };
    }
}
