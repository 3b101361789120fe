package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.StateSpace;
import java.util.ArrayList;
import java.util.List;

/** Moves, conversions, comparisons and selections. */
final class MoveTable {
    private final Operands operands;

    MoveTable(Operands operands) {
        this.operands = operands;
    }

    private Slot in(PtxInstruction source, int index, PtxType type) {
        return operands.source(source, source.operands().get(index), type);
    }

    private Slot out(PtxInstruction source) {
        return operands.target(source, source.operands().getFirst());
    }

    Op decode(PtxInstruction source) {
        return switch (source.opcode()) {
            case "mov" -> mov(source);
            case "cvta" -> cvta(source);
            case "isspacep" -> isSpace(source);
            case "cvt" -> cvt(source);
            case "setp" -> setp(source);
            case "set" -> set(source);
            case "selp" -> selp(source);
            case "slct" -> slct(source);
            case "testp" -> testp(source);
            case "pmevent" -> new Idle(false);
            default -> null;
        };
    }

    private Op mov(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        PtxOperand to = source.operands().get(0);
        PtxOperand from = source.operands().get(1);
        if (to instanceof PtxOperand.Vector parts) {
            return new Unpack(in(source, 1, type), elements(source, parts), type.bits() / parts.elements().size());
        }
        if (from instanceof PtxOperand.Vector parts) {
            int bits = type.bits() / parts.elements().size();
            return new Pack(out(source), elements(source, parts, bits), bits);
        }
        Slot target = out(source);
        if (type == PtxType.PRED) {
            Slot a = predicate(source, from);
            return new PredicateLogic((x, y) -> x, target, new Slot[] {a, a}, new boolean[] {isNegated(from), false});
        }
        if (operands.isFrame(from)) {
            return new FrameAddress(target, operands.frameOffset(from));
        }
        if (from instanceof PtxOperand.Special special && SpecialRegisters.isChanging(special.name())) {
            return new ReadClock(target, special.name());
        }
        Slot value = operands.source(source, from, type);
        return target.isLong() ? new AluLong((a, b, c) -> a, UndefinedBits.MOVE, target, new Slot[] {value})
                : new Alu32((a, b, c) -> a, UndefinedBits.MOVE, target, new Slot[] {value});
    }

    private Slot[] elements(PtxInstruction source, PtxOperand.Vector parts) {
        List<Slot> slots = new ArrayList<>();
        for (PtxOperand part : parts.elements()) {
            slots.add(operands.targetOrNull(source, part));
        }
        return slots.toArray(new Slot[0]);
    }

    private Slot[] elements(PtxInstruction source, PtxOperand.Vector parts, int bits) {
        PtxType type = switch (bits) {
            case 8 -> PtxType.B8;
            case 16 -> PtxType.B16;
            case 32 -> PtxType.B32;
            default -> throw PtxException.unsupported(source.line(), source.name());
        };
        List<Slot> slots = new ArrayList<>();
        for (PtxOperand part : parts.elements()) {
            slots.add(operands.source(source, part, type));
        }
        return slots.toArray(new Slot[0]);
    }

    private Op cvta(PtxInstruction source) {
        Slot target = out(source);
        PtxOperand from = source.operands().get(1);
        long window = Operands.window(AluTable.space(source));
        long shift = source.has("to") ? -window : window;
        if (operands.isFrame(from)) {
            return new FrameAddress(target, operands.frameOffset(from) + shift);
        }
        AluLong.Function f = (a, b, c) -> a + shift;
        return new AluLong(f, UndefinedBits.UPWARDS, target, new Slot[] {in(source, 1, AluTable.type(source))});
    }

    private Op isSpace(PtxInstruction source) {
        StateSpace space = AluTable.space(source);
        long window = Operands.window(space) >>> 32;
        Comparisons.Test test = space == StateSpace.SHARED ? (a, b) -> a >>> 32 == window && Cluster.isOwn((int) a)
                : (a, b) -> window == 0 ? a >>> 32 > 3 : a >>> 32 == window;
        return new Compare(test, out(source), new Slot[] {in(source, 1, PtxType.U64)});
    }

    private Op cvt(PtxInstruction source) {
        List<PtxType> types = AluTable.types(source);
        PtxType to = types.get(0);
        PtxType from = types.get(types.size() - 1);
        if (source.has("pack")) {
            return pack(source, types);
        }
        if (to == PtxType.F16X2 || to == PtxType.BF16X2) {
            if (from != PtxType.F32) {
                return null;
            }
            return new AluLong(Conversions.packed(source, to), UndefinedBits.ALL, out(source),
                    new Slot[] {in(source, 1, from), in(source, 2, from)});
        }
        if (types.size() != 2) {
            return null;
        }
        if (source.operands().get(1) instanceof PtxOperand.Special special
                && SpecialRegisters.isChanging(special.name())) {
            return null;
        }
        AluLong.Function f = Conversions.of(source, to, from);
        boolean isExact = !to.isFloat() && !from.isFloat() && !source.has("sat");
        PtxOperand value = source.operands().get(1);
        PtxType read = value instanceof PtxOperand.Register register && register.register().type().isWide()
                != from.isWide() ? register.register().type() : from;
        Slot target = out(source);
        // A narrow result in a wider register is extended as its type says.
        boolean narrow = to.sizeBytes() == 2 && target.of() == Slot.Class.INT && isRegisterOf16(source);
        AluLong.Function g = narrow ? (a, b, c) -> f.apply(a, b, c) & 0xFFFF : f;
        return new AluLong(g, isExact ? UndefinedBits.sameOn(g) : UndefinedBits.ALL, target,
                new Slot[] {operands.source(source, value, read)});
    }

    private static boolean isRegisterOf16(PtxInstruction source) {
        return source.operands().getFirst() instanceof PtxOperand.Register register
                && register.register().type().sizeBytes() == 2;
    }

    private Op pack(PtxInstruction source, List<PtxType> types) {
        PtxType to = types.get(0);
        if (to != PtxType.U16 && to != PtxType.S16 && to != PtxType.U8 && to != PtxType.S8) {
            return null;
        }
        int bits = to.bits();
        long max = to.isSigned() ? (1L << bits - 1) - 1 : (1L << bits) - 1;
        long min = to.isSigned() ? -(1L << bits - 1) : 0;
        long within = (1L << bits) - 1;
        Slot third = source.operands().size() > 3 ? in(source, 3, PtxType.B32) : operands.constant(0, PtxType.B32);
        return new AluLong((a, b, c) -> (Math.clamp((int) a, min, max) & within) << bits
                | Math.clamp((int) b, min, max) & within | (bits == 8 ? c << 16 : 0), UndefinedBits.ALL, out(source),
                new Slot[] {in(source, 1, PtxType.S32), in(source, 2, PtxType.S32), third});
    }

    private Slot predicate(PtxInstruction source, PtxOperand operand) {
        if (operand instanceof PtxOperand.Register register && register.register().type() == PtxType.PRED) {
            return operands.register(register.register());
        }
        if (operand instanceof PtxOperand.Immediate immediate) {
            return operands.program.constant(immediate.bits() != 0);
        }
        if (operand instanceof PtxOperand.Special special && special.name().equals("is_explicit_cluster")) {
            return operands.program.constant(operands.program.entry.hasCluster());
        }
        throw PtxException.unsupported(source.line(), source.name() + " without a predicate");
    }

    private static boolean isNegated(PtxOperand operand) {
        return operand instanceof PtxOperand.Register register && register.isNegated();
    }

    private Op setp(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        PtxOperand to = source.operands().getFirst();
        Slot first = to instanceof PtxOperand.Pair pair ? operands.targetOrNull(source, pair.first())
                : operands.targetOrNull(source, to);
        Slot second = to instanceof PtxOperand.Pair pair ? operands.targetOrNull(source, pair.second()) : null;
        Slot[] from = {in(source, 1, type), in(source, 2, type)};
        if (type == PtxType.F16X2 || type == PtxType.BF16X2) {
            return halves(source, type, first, second, from);
        }
        Compare compare = new Compare(Comparisons.of(source, type), first, from);
        compare.second(second);
        combine(source, compare, 3);
        return compare;
    }

    private void combine(PtxInstruction source, Compare compare, int index) {
        if (source.operands().size() > index) {
            PtxOperand other = source.operands().get(index);
            String how = source.has("and") ? "and" : source.has("or") ? "or" : "xor";
            compare.combine(how, predicate(source, other), isNegated(other));
        }
    }

    private Op halves(PtxInstruction source, PtxType type, Slot first, Slot second, Slot[] from) {
        PtxType half = type == PtxType.F16X2 ? PtxType.F16 : PtxType.BF16;
        Comparisons.Test test = Comparisons.of(source, half);
        Compare low = new Compare((a, b) -> test.test(a & 0xFFFF, b & 0xFFFF), first, from);
        Compare high = new Compare((a, b) -> test.test(a >>> 16 & 0xFFFF, b >>> 16 & 0xFFFF), second, from);
        return new Both(low, high);
    }

    private Op set(PtxInstruction source) {
        List<PtxType> types = AluTable.types(source);
        PtxType to = types.get(0);
        PtxType from = types.get(types.size() - 1);
        Slot[] slots = {in(source, 1, from), in(source, 2, from)};
        AluLong.Function f;
        if (from == PtxType.F16X2 || from == PtxType.BF16X2) {
            if (source.operands().size() > 3) {
                return null;
            }
            PtxType half = from == PtxType.F16X2 ? PtxType.F16 : PtxType.BF16;
            Comparisons.Test test = Comparisons.of(source, half);
            long yes = to == PtxType.F16X2 ? 0x3C00 : to == PtxType.BF16X2 ? 0x3F80 : 0xFFFF;
            f = (a, b, c) -> (test.test(a & 0xFFFF, b & 0xFFFF) ? yes : 0)
                    | (test.test(a >>> 16 & 0xFFFF, b >>> 16 & 0xFFFF) ? yes << 16 : 0);
        } else {
            Comparisons.Test test = Comparisons.of(source, from);
            long yes = switch (to) {
                case F32 -> 0x3F80_0000L;
                case F16 -> 0x3C00;
                case BF16 -> 0x3F80;
                case U16, S16 -> 0xFFFF;
                default -> 0xFFFF_FFFFL;
            };
            if (source.operands().size() > 3) {
                Slot both = operands.program.newPredicate();
                Compare compare = new Compare(test, both, slots);
                combine(source, compare, 3);
                return new Both(compare, new Select(out(source), operands.constant(yes, PtxType.B32),
                        operands.constant(0, PtxType.B32), both, false));
            }
            f = (a, b, c) -> test.test(a, b) ? yes : 0;
        }
        return new AluLong(f, UndefinedBits.ALL, out(source), slots);
    }

    private Op selp(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        PtxOperand which = source.operands().get(3);
        return new Select(out(source), in(source, 1, type), in(source, 2, type), predicate(source, which),
                isNegated(which));
    }

    private Op slct(PtxInstruction source) {
        List<PtxType> types = AluTable.types(source);
        PtxType type = types.get(0);
        boolean isFloat = types.get(1) == PtxType.F32;
        boolean flushes = source.has("ftz");
        AluLong.Function f = (a, b, c) -> {
            float value = flushes ? Floats.flush(Floats.f(c)) : Floats.f(c);
            return (isFloat ? value >= 0 : (int) c >= 0) ? a : b;
        };
        return new AluLong(f, UndefinedBits.ALL, out(source),
                new Slot[] {in(source, 1, type), in(source, 2, type), in(source, 3, types.get(1))});
    }

    private Op testp(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        String what = source.modifiers().getFirst();
        return new Compare((a, b) -> Comparisons.is(what, a, type), out(source), new Slot[] {in(source, 1, type)});
    }

    /** and, or, xor and not of predicates. */
    Op logic(PtxInstruction source) {
        Slot target = out(source);
        PtxOperand left = source.operands().get(1);
        PtxOperand right = source.operands().size() > 2 ? source.operands().get(2) : left;
        PredicateLogic.Function f = switch (source.opcode()) {
            case "and" -> (a, b) -> a & b;
            case "or" -> (a, b) -> a | b;
            case "xor" -> (a, b) -> a ^ b;
            case "not" -> (a, b) -> ~a;
            default -> null;
        };
        return f == null ? null : new PredicateLogic(f, target, new Slot[] {predicate(source, left),
            predicate(source, right)}, new boolean[] {isNegated(left), isNegated(right)});
    }
}
