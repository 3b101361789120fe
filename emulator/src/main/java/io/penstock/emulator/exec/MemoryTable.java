package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.StateSpace;
import java.util.List;
import java.util.Set;

/** Instructions that touch memory, but for those of matrices. */
final class MemoryTable {
    private static final Set<String> STRONG = Set.of("volatile", "relaxed", "acquire", "release", "mmio");

    private final Operands operands;
    private final AsyncTable async;

    MemoryTable(Operands operands, AsyncTable async) {
        this.operands = operands;
        this.async = async;
    }

    Op decode(PtxInstruction source) {
        return switch (source.opcode()) {
            case "ld", "ldu" -> load(source);
            case "st" -> source.has("async") ? async.store(source) : store(source);
            case "atom", "red" -> atomic(source);
            case "cp" -> copy(source);
            case "prefetch", "prefetchu", "applypriority", "discard" -> new Idle(false);
            default -> null;
        };
    }

    private static boolean isStrong(PtxInstruction source) {
        return source.modifiers().stream().anyMatch(STRONG::contains);
    }

    /** Whether other blocks may see what happens there. */
    private static boolean isOutside(Address address) {
        return address.space() != StateSpace.SHARED && address.space() != StateSpace.SHARED_CLUSTER;
    }

    private Op load(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        PtxOperand to = source.operands().getFirst();
        Slot[] targets;
        if (to instanceof PtxOperand.Vector vector) {
            targets = new Slot[vector.elements().size()];
            for (int i = 0; i < targets.length; i++) {
                targets[i] = operands.targetOrNull(source, vector.elements().get(i));
            }
        } else {
            targets = new Slot[] {operands.target(source, to)};
        }
        requireWidth(source, type, targets.length);
        Address address = operands.address(source, source.operands().get(1), AluTable.space(source));
        if (isStrong(source)) {
            operands.program.communicates |= isOutside(address);
        }
        Load load = new Load(address, type, targets, isStrong(source));
        if (isStrong(source) && !source.has("volatile")) {
            load.readAtomically();
        }
        return load;
    }

    private static void requireWidth(PtxInstruction source, PtxType type, int num) {
        int numBytes = type.sizeBytes() * num;
        if (numBytes < 1 || numBytes > 16 || (numBytes & numBytes - 1) != 0 || type.sizeBytes() > 8) {
            throw PtxException.unsupported(source.line(), source.name());
        }
    }

    private Op store(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        PtxOperand from = source.operands().get(1);
        List<PtxOperand> elements = from instanceof PtxOperand.Vector vector ? vector.elements() : List.of(from);
        Slot[] values = new Slot[elements.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = elements.get(i) instanceof PtxOperand.Register register
                    ? operands.register(register.register()) : operands.source(source, elements.get(i), type);
        }
        requireWidth(source, type, values.length);
        Address address = operands.address(source, source.operands().get(0), AluTable.space(source));
        boolean isStrong = isStrong(source);
        if (isStrong) {
            operands.program.communicates |= isOutside(address);
        }
        return new Store(address, type, values, isStrong, source.has("release"));
    }

    private Op atomic(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        boolean isRed = source.opcode().equals("red");
        int first = isRed ? 0 : 1;
        if (source.has("async") || source.operands().stream().anyMatch(each -> each instanceof PtxOperand.Vector)) {
            return null;
        }
        Address address = operands.address(source, source.operands().get(first), AluTable.space(source));
        // A policy of the cache may come last.
        int num = source.operands().size() - first - 1 - (source.has("L2::cache_hint") ? 1 : 0);
        Slot[] values = new Slot[num];
        for (int i = 0; i < num; i++) {
            values[i] = operands.source(source, source.operands().get(first + 1 + i), type);
        }
        Atomic.Update update = update(source, type);
        if (update == null || num == 0) {
            return null;
        }
        operands.program.communicates |= isOutside(address) && (!isRed || source.has("release"));
        Slot result = isRed ? null : operands.targetOrNull(source, source.operands().getFirst());
        boolean isRelease = source.has("release") || source.has("acq_rel");
        return new Atomic(address, type.sizeBytes(), update, values, result, !source.has("exch"), isRelease);
    }

    /** What an instruction does to memory, or null. */
    static Atomic.Update update(PtxInstruction source, PtxType type) {
        for (String word : source.modifiers()) {
            Atomic.Update update = switch (word) {
                case "add" -> type.isFloat() ? sum(source, type) : (old, a, b) -> old + a;
                case "and" -> (old, a, b) -> old & a;
                case "or" -> (old, a, b) -> old | a;
                case "xor" -> (old, a, b) -> old ^ a;
                case "exch" -> (old, a, b) -> a;
                case "cas" -> (old, a, b) -> old == a ? b : old;
                case "inc" -> (old, a, b) -> old >= a ? 0 : old + 1;
                case "dec" -> (old, a, b) -> old == 0 || old > a ? a : old - 1;
                case "min" -> (old, a, b) -> isLess(old, a, type) ? old : a;
                case "max" -> (old, a, b) -> isLess(old, a, type) ? a : old;
                default -> null;
            };
            if (update != null) {
                return type.isFloat() && (word.equals("min") || word.equals("max")) ? null : update;
            }
        }
        return null;
    }

    private static boolean isLess(long old, long value, PtxType type) {
        long left = IntegerFunctions.extend(old, type);
        long right = IntegerFunctions.extend(value, type);
        return type.isSigned() ? left < right : Long.compareUnsigned(left, right) < 0;
    }

    private static Atomic.Update sum(PtxInstruction source, PtxType type) {
        PtxInstruction add = new PtxInstruction("add", List.of(type.word()), null, List.of(), source.line(), 0);
        AluLong.Function f = FloatFunctions.of(add, type);
        return f == null ? null : (old, a, b) -> f.apply(old, a, 0);
    }

    private Op copy(PtxInstruction source) {
        if (source.has("bulk")) {
            return async.bulk(source);
        }
        if (!source.modifiers().getFirst().equals("async")) {
            return null;
        }
        if (source.has("mbarrier")) {
            // Without noinc the count of arrivals grows by one for the thread, and the arrival takes it back.
            boolean counts = source.has("noinc");
            Address barrier = operands.address(source, source.operands().getFirst(), AluTable.space(source));
            return new MemoryBarrier(MemoryBarrier.Kind.ARRIVE_AFTER_COPIES, barrier,
                    operands.constant(counts ? 1 : 0, PtxType.U32), null, false);
        }
        if (source.has("commit_group")) {
            return new AsyncGroup(AsyncGroup.Kind.COMMIT, 0);
        }
        if (source.has("wait_all")) {
            return new AsyncGroup(AsyncGroup.Kind.WAIT_ALL, 0);
        }
        if (source.has("wait_group")) {
            return source.operands().getFirst() instanceof PtxOperand.Immediate number
                    ? new AsyncGroup(AsyncGroup.Kind.WAIT, (int) number.bits()) : null;
        }
        if (!source.has("ca") && !source.has("cg") || source.operands().size() < 3
                || !(source.operands().get(2) instanceof PtxOperand.Immediate size)) {
            return null;
        }
        Slot bytes = null;
        Slot ignore = null;
        if (source.operands().size() > 3) {
            PtxOperand extra = source.operands().get(3);
            if (extra instanceof PtxOperand.Register register && register.register().type() == PtxType.PRED) {
                ignore = operands.register(register.register());
            } else if (!(extra instanceof PtxOperand.Register register) || !register.register().type().isWide()) {
                bytes = operands.source(source, extra, PtxType.U32);
            }
        }
        return new AsyncCopy(operands.address(source, source.operands().get(0), StateSpace.SHARED),
                operands.address(source, source.operands().get(1), StateSpace.GLOBAL), (int) size.bits(), bytes,
                ignore);
    }
}
