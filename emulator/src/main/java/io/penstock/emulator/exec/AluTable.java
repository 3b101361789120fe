package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.StateSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Instructions that only touch registers. */
final class AluTable {
    private static final Set<String> SHIFTS = Set.of("shl", "shr");
    private static final Set<String> EXTREMES = Set.of("min", "max");
    private static final Set<String> COUNTS = Set.of("popc", "clz", "bfind");

    private final Operands operands;
    private final MoveTable moves;

    AluTable(Operands operands) {
        this.operands = operands;
        this.moves = new MoveTable(operands);
    }

    /** The types among an instruction's modifiers, in order. */
    static List<PtxType> types(PtxInstruction source) {
        List<PtxType> types = new ArrayList<>();
        for (String word : source.modifiers()) {
            PtxType type = PtxType.of(word);
            if (type != null) {
                types.add(type);
            }
        }
        return types;
    }

    static PtxType type(PtxInstruction source) {
        List<PtxType> types = types(source);
        if (types.isEmpty()) {
            throw PtxException.unsupported(source.line(), source.name());
        }
        return types.getLast();
    }

    /** The operation, or null if there is none. */
    Op decode(PtxInstruction source) {
        return switch (source.opcode()) {
            case "mov", "cvta", "isspacep", "selp", "set", "setp", "slct", "testp", "cvt", "pmevent" ->
                    moves.decode(source);
            case "lop3", "prmt", "shf", "bfe", "bfi", "dp4a", "dp2a", "fns", "copysign", "bmsk", "szext" ->
                    special(source);
            case "addc", "subc", "madc" -> carry(source);
            case "vadd2", "vadd4", "vsub2", "vsub4", "vavrg2", "vavrg4", "vabsdiff2", "vabsdiff4", "vmin2", "vmin4",
                    "vmax2", "vmax4" -> packed(source);
            case "add", "sub", "mad" -> source.has("cc") ? carry(source) : plain(source);
            default -> plain(source);
        };
    }

    private Slot in(PtxInstruction source, int index, PtxType type) {
        return operands.source(source, source.operands().get(index), type);
    }

    private Op plain(PtxInstruction source) {
        PtxType type = type(source);
        if (type == PtxType.PRED) {
            return moves.logic(source);
        }
        AluLong.Function f = type.isFloat() ? FloatFunctions.of(source, type) : IntegerFunctions.of(source, type);
        boolean isTriple = source.operands().size() > 3 && EXTREMES.contains(source.opcode());
        if (f == null || type.sizeBytes() < 2 || source.operands().size() < 2 || isTriple) {
            return null;
        }
        boolean isWide = source.has("wide");
        int num = source.operands().size() - 1;
        Slot[] from = new Slot[num];
        for (int i = 0; i < num; i++) {
            boolean isAmount = SHIFTS.contains(source.opcode()) && i == 1;
            PtxType each = isAmount ? PtxType.U32 : isWide && i == 2 ? widened(type) : type;
            from[i] = in(source, i + 1, each);
        }
        Slot target = operands.target(source, source.operands().getFirst());
        UndefinedBits.Rule rule = rule(source, f);
        Alu32.Function fast = FastFunctions.of(source, type);
        if (fast != null) {
            return new Alu32(fast, rule, target, from);
        }
        AluLong.Function fastLong = FastFunctions.longOf(source, type);
        if (fastLong != null) {
            return new AluLong(fastLong, rule, target, from);
        }
        return new AluLong(isInteger(type) ? extended(f, type, result(source, type), isWide, num) : f, rule, target,
                from);
    }

    private static boolean isInteger(PtxType type) {
        return !type.isFloat();
    }

    private static PtxType widened(PtxType type) {
        return switch (type) {
            case S16 -> PtxType.S32;
            case U16 -> PtxType.U32;
            case S32 -> PtxType.S64;
            default -> PtxType.U64;
        };
    }

    private static PtxType result(PtxInstruction source, PtxType type) {
        if (COUNTS.contains(source.opcode())) {
            return PtxType.U32;
        }
        return source.has("wide") ? widened(type) : type;
    }

    /** Extends operands as their type says, and a 16-bit result with zeros. */
    private static AluLong.Function extended(AluLong.Function f, PtxType type, PtxType result, boolean isWide,
            int num) {
        boolean narrow = result.sizeBytes() == 2;
        if (num == 1) {
            return (a, b, c) -> cut(f.apply(IntegerFunctions.extend(a, type), 0, 0), narrow);
        }
        if (num == 2) {
            return (a, b, c) -> cut(f.apply(IntegerFunctions.extend(a, type), IntegerFunctions.extend(b, type), 0),
                    narrow);
        }
        PtxType third = isWide ? widened(type) : type;
        return (a, b, c) -> cut(f.apply(IntegerFunctions.extend(a, type), IntegerFunctions.extend(b, type),
                IntegerFunctions.extend(c, third)), narrow);
    }

    private static long cut(long value, boolean narrow) {
        return narrow ? value & 0xFFFF : value;
    }

    private static UndefinedBits.Rule rule(PtxInstruction source, AluLong.Function f) {
        return switch (source.opcode()) {
            case "and" -> UndefinedBits.AND;
            case "or" -> UndefinedBits.OR;
            case "xor", "not" -> UndefinedBits.BITWISE;
            case "shl", "shr" -> UndefinedBits.sameOn(f);
            case "brev" -> UndefinedBits.sameOn(f);
            case "add", "sub", "mul" -> type(source).isFloat() || source.has("hi") || source.has("wide")
                    ? UndefinedBits.ALL : UndefinedBits.UPWARDS;
            default -> UndefinedBits.ALL;
        };
    }

    private Op special(PtxInstruction source) {
        PtxType type = type(source);
        Slot target = operands.target(source, source.operands().getFirst());
        List<PtxType> types = types(source);
        return switch (source.opcode()) {
            case "lop3" -> lop3(source, target);
            case "prmt" -> {
                String mode = source.modifiers().getLast();
                yield new Alu32((a, b, c) -> IntegerFunctions.prmt(a, b, c, mode), UndefinedBits.sameOnPair(
                        (a, b, c) -> IntegerFunctions.prmt((int) a, (int) b, (int) c, mode)), target, three(source,
                        PtxType.B32));
            }
            case "shf" -> {
                boolean isLeft = source.has("l");
                boolean wraps = source.has("wrap");
                yield new Alu32((a, b, c) -> IntegerFunctions.shf(a, b, c, isLeft, wraps), UndefinedBits.sameOnPair(
                        (a, b, c) -> IntegerFunctions.shf((int) a, (int) b, (int) c, isLeft, wraps)), target,
                        three(source, PtxType.B32));
            }
            case "bfe" -> {
                AluLong.Function f = IntegerFunctions.bfe(type);
                yield new AluLong(f, UndefinedBits.sameOn(f), target, new Slot[] {in(source, 1, type),
                    in(source, 2, PtxType.U32), in(source, 3, PtxType.U32)});
            }
            case "bfi" -> new FieldInsert(target, new Slot[] {in(source, 1, type), in(source, 2, type),
                in(source, 3, PtxType.U32), in(source, 4, PtxType.U32)}, type.bits());
            case "dp4a" -> new Alu32((a, b, c) -> IntegerFunctions.dp(a, b, c, types.get(0), types.get(1)),
                    UndefinedBits.ALL, target, three(source, PtxType.B32));
            case "dp2a" -> {
                boolean high = source.has("hi");
                PtxType[] both = {types.get(0), types.get(1)};
                yield new Alu32((a, b, c) -> IntegerFunctions.dp2(a, b, c, both, high), UndefinedBits.ALL, target,
                        three(source, PtxType.B32));
            }
            case "fns" -> new Alu32(IntegerFunctions::fns, UndefinedBits.ALL, target, three(source, PtxType.B32));
            case "bmsk" -> {
                boolean wraps = source.has("wrap");
                yield new Alu32((a, b, c) -> mask(wraps ? a & 31 : a, wraps ? b & 31 : b), UndefinedBits.ALL, target,
                        new Slot[] {in(source, 1, PtxType.B32), in(source, 2, PtxType.B32)});
            }
            case "szext" -> {
                boolean wraps = source.has("wrap");
                yield new Alu32((a, b, c) -> extend(a, wraps ? b & 31 : b, type.isSigned()), UndefinedBits.ALL, target,
                        new Slot[] {in(source, 1, type), in(source, 2, PtxType.U32)});
            }
            case "copysign" -> {
                long sign = type.isWide() ? Long.MIN_VALUE : 0x8000_0000L;
                yield new AluLong((a, b, c) -> b & ~sign | a & sign, UndefinedBits.ALL, target,
                        new Slot[] {in(source, 1, type), in(source, 2, type)});
            }
            default -> null;
        };
    }

    /** Video instructions on two or four parts without selectors: merged with, or added to, the third operand. */
    private Op packed(PtxInstruction source) {
        List<PtxType> types = types(source);
        if (types.size() != 3 || source.operands().stream().anyMatch(each -> each instanceof PtxOperand.Name)) {
            return null;
        }
        PackedArithmetic f = new PackedArithmetic(source, types);
        return new Alu32(f::apply, UndefinedBits.ALL, operands.target(source, source.operands().getFirst()),
                three(source, PtxType.B32));
    }

    private static int mask(int from, int length) {
        if (Integer.compareUnsigned(from, 31) > 0) {
            return 0;
        }
        long bits = Integer.compareUnsigned(length, 31) > 0 ? 0xFFFF_FFFFL : (1L << length) - 1;
        return (int) (bits << from);
    }

    /** The lower bits, as a number of that many bits. */
    private static int extend(int value, int numBits, boolean isSigned) {
        if (Integer.compareUnsigned(numBits, 31) > 0 || numBits == 0) {
            return numBits == 0 ? 0 : value;
        }
        return isSigned ? value << 32 - numBits >> 32 - numBits : value & (1 << numBits) - 1;
    }

    private Slot[] three(PtxInstruction source, PtxType type) {
        return new Slot[] {in(source, 1, type), in(source, 2, type), in(source, 3, type)};
    }

    private Op lop3(PtxInstruction source, Slot target) {
        if (source.operands().size() != 5 || !(source.operands().get(4) instanceof PtxOperand.Immediate table)) {
            return null;
        }
        int bits = (int) table.bits();
        Alu32.Function f = switch (bits) {
            case 0x96 -> (a, b, c) -> a ^ b ^ c;
            case 0x80 -> (a, b, c) -> a & b & c;
            case 0xFE -> (a, b, c) -> a | b | c;
            default -> (a, b, c) -> IntegerFunctions.lop3(a, b, c, bits);
        };
        UndefinedBits.Rule rule = (UndefinedBits.Copy) UndefinedBits::either;
        return new Alu32(f, rule, target, three(source, PtxType.B32));
    }

    private Op carry(PtxInstruction source) {
        PtxType type = type(source);
        Slot target = operands.target(source, source.operands().getFirst());
        Slot[] from = new Slot[source.operands().size() - 1];
        for (int i = 0; i < from.length; i++) {
            from[i] = in(source, i + 1, type);
        }
        return new CarryArithmetic(source, type, target, from);
    }

    /** A state space among the modifiers; generic if there is none. */
    static StateSpace space(PtxInstruction source) {
        for (String word : source.modifiers()) {
            StateSpace space = StateSpace.of(word);
            if (space != null) {
                return space;
            }
        }
        return StateSpace.GENERIC;
    }
}
