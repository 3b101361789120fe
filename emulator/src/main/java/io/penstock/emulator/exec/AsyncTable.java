package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.StateSpace;
import java.util.ArrayList;
import java.util.List;

/** Instructions of mbarriers and of bulk copies. */
final class AsyncTable {
    private final Operands operands;

    AsyncTable(Operands operands) {
        this.operands = operands;
    }

    private Slot in(PtxInstruction source, int index, PtxType type) {
        return operands.source(source, source.operands().get(index), type);
    }

    private Address address(PtxInstruction source, int index, StateSpace space) {
        return operands.address(source, source.operands().get(index), space);
    }

    Op barrier(PtxInstruction source) {
        List<PtxOperand> list = source.operands();
        if (source.has("pending_count")) {
            return new AluLong((a, b, c) -> PhaseBarrier.numMissing(a), UndefinedBits.ALL,
                    operands.target(source, list.getFirst()), new Slot[] {in(source, 1, PtxType.B64)});
        }
        boolean hasResult = !(list.getFirst() instanceof PtxOperand.Address);
        Slot result = hasResult ? operands.targetOrNull(source, list.getFirst()) : null;
        int at = hasResult ? 1 : 0;
        MemoryBarrier.Kind kind = kind(source);
        boolean isTest = kind == MemoryBarrier.Kind.TEST || kind == MemoryBarrier.Kind.TEST_PARITY;
        if (kind == null || isTest && result == null) {
            return null;
        }
        PtxType type = kind == MemoryBarrier.Kind.TEST ? PtxType.B64 : PtxType.B32;
        // Of a test, a limit of time may follow.
        Slot operand = list.size() > at + 1 ? in(source, at + 1, type) : null;
        Address address = address(source, at, AluTable.space(source));
        boolean isRelaxed = source.has("relaxed");
        if (kind == MemoryBarrier.Kind.COMPLETE || kind == MemoryBarrier.Kind.EXPECT) {
            isRelaxed = true;
        }
        return new MemoryBarrier(kind, address, operand, result, isRelaxed);
    }

    private static MemoryBarrier.Kind kind(PtxInstruction source) {
        boolean expects = source.has("expect_tx");
        boolean mayComplete = !source.has("noComplete");
        return switch (source.modifiers().getFirst()) {
            case "init" -> MemoryBarrier.Kind.INIT;
            case "inval" -> MemoryBarrier.Kind.INVALIDATE;
            case "arrive" -> expects ? MemoryBarrier.Kind.ARRIVE_EXPECT
                    : mayComplete ? MemoryBarrier.Kind.ARRIVE : MemoryBarrier.Kind.ARRIVE_NO_COMPLETE;
            case "arrive_drop" -> expects ? MemoryBarrier.Kind.DROP_EXPECT
                    : mayComplete ? MemoryBarrier.Kind.DROP : MemoryBarrier.Kind.DROP_NO_COMPLETE;
            case "expect_tx" -> MemoryBarrier.Kind.EXPECT;
            case "complete_tx" -> MemoryBarrier.Kind.COMPLETE;
            case "test_wait", "try_wait" ->
                    source.has("parity") ? MemoryBarrier.Kind.TEST_PARITY : MemoryBarrier.Kind.TEST;
            default -> null;
        };
    }

    /** The state spaces that a copy names, its destination's first. */
    private static List<StateSpace> spaces(PtxInstruction source) {
        List<StateSpace> spaces = new ArrayList<>();
        for (String word : source.modifiers()) {
            StateSpace space = StateSpace.of(word);
            if (space != null) {
                spaces.add(space);
            }
        }
        return spaces;
    }

    /** cp.async.bulk without tensor maps, and cp.reduce.async.bulk to global memory. */
    Op bulk(PtxInstruction source) {
        if (source.has("tensor") || source.has("cp_mask") || source.has("ignore_oob")) {
            return null;
        }
        if (source.has("commit_group")) {
            return new BulkGroup(BulkGroup.Kind.COMMIT, 0);
        }
        if (source.has("wait_group")) {
            return source.operands().getFirst() instanceof PtxOperand.Immediate number
                    ? new BulkGroup(source.has("read") ? BulkGroup.Kind.WAIT_READ : BulkGroup.Kind.WAIT,
                            (int) number.bits()) : null;
        }
        if (source.has("prefetch")) {
            return new BulkPrefetch(address(source, 0, StateSpace.GLOBAL), in(source, 1, PtxType.U32));
        }
        List<StateSpace> spaces = spaces(source);
        Slot size = in(source, 2, PtxType.U32);
        Address from = address(source, 1, spaces.get(1));
        if (source.has("bulk_group") && spaces.getFirst() == StateSpace.GLOBAL) {
            return store(source, from, size);
        }
        boolean isReduction = source.opcode().equals("cp") && source.modifiers().getFirst().equals("reduce");
        if (!source.has("mbarrier::complete_tx::bytes") || isReduction) {
            return null;
        }
        Slot blocks = source.has("multicast::cluster") ? in(source, 4, PtxType.B16) : null;
        StateSpace of = spaces.getFirst();
        return new BulkCopy(address(source, 0, of), from, size, address(source, 3, of), blocks);
    }

    private Op store(PtxInstruction source, Address from, Slot size) {
        Address to = address(source, 0, StateSpace.GLOBAL);
        if (!source.modifiers().getFirst().equals("reduce")) {
            return new BulkStore(to, from, size, null, 1);
        }
        PtxType type = AluTable.type(source);
        Atomic.Update update = MemoryTable.update(source, type);
        return update == null ? null : new BulkStore(to, from, size, update, type.sizeBytes());
    }

    /** st.async. */
    Op store(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        PtxOperand from = source.operands().get(1);
        List<PtxOperand> elements = from instanceof PtxOperand.Vector vector ? vector.elements() : List.of(from);
        Slot[] values = new Slot[elements.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = operands.source(source, elements.get(i), type);
        }
        StateSpace space = AluTable.space(source);
        return source.has("mbarrier::complete_tx::bytes") && space == StateSpace.SHARED_CLUSTER
                ? new AsyncStore(address(source, 0, space), values, type.sizeBytes(), address(source, 2, space)) : null;
    }

    /** fence.proxy, and the fence of mbarriers' initialisation. */
    Op proxyFence(PtxInstruction source) {
        if (source.has("mbarrier_init")) {
            return new ProxyFence(true);
        }
        if (source.has("async")) {
            return new ProxyFence(false);
        }
        return source.has("alias") ? new Idle(false) : null;
    }

    /** createpolicy: a policy is a hint to the cache, and any number will do. */
    Op policy(PtxInstruction source) {
        if (!source.has("fractional") && !source.has("range") && !source.has("cvt")) {
            throw PtxException.unsupported(source.line(), source.name());
        }
        Slot one = operands.constant(1, PtxType.B64);
        return new AluLong((a, b, c) -> a, UndefinedBits.ALL, operands.target(source, source.operands().getFirst()),
                new Slot[] {one});
    }
}
