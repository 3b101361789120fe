package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;

/** Instructions in which threads wait for each other, or tell each other something. */
final class SyncTable {
    private final Operands operands;
    private final AsyncTable async;
    private final ClusterTable cluster;

    SyncTable(Operands operands, AsyncTable async, ClusterTable cluster) {
        this.operands = operands;
        this.async = async;
        this.cluster = cluster;
    }

    private Slot in(PtxInstruction source, int index, PtxType type) {
        return operands.source(source, source.operands().get(index), type);
    }

    Op decode(PtxInstruction source) {
        return switch (source.opcode()) {
            case "bar", "barrier" -> barrier(source);
            case "membar" -> fence(!source.has("cta"));
            case "fence" -> source.has("proxy") || source.has("mbarrier_init") ? async.proxyFence(source)
                    : fence(!source.has("cta"));
            case "elect" -> elect(source);
            case "shfl" -> shuffle(source);
            case "vote" -> vote(source);
            case "match" -> match(source);
            case "redux" -> redux(source);
            case "activemask" -> new ActiveMask(operands.target(source, source.operands().getFirst()));
            default -> new Idle(true);
        };
    }

    private Op elect(PtxInstruction source) {
        if (!(source.operands().getFirst() instanceof PtxOperand.Pair pair)) {
            return null;
        }
        return new Elect(operands.targetOrNull(source, pair.first()), operands.target(source, pair.second()),
                in(source, 1, PtxType.B32));
    }

    private Op fence(boolean isDeviceWide) {
        operands.program.communicates |= isDeviceWide;
        return new Fence(isDeviceWide);
    }

    private Op barrier(PtxInstruction source) {
        if (source.has("warp")) {
            return new SyncWarp(in(source, 0, PtxType.B32));
        }
        if (source.has("cluster")) {
            return cluster.barrier(source);
        }
        boolean isAligned = source.opcode().equals("bar") || source.has("aligned");
        if (source.has("red")) {
            return vote(source, isAligned);
        }
        Slot count = source.operands().size() > 1 ? in(source, 1, PtxType.B32) : null;
        return new BlockBarrier(in(source, 0, PtxType.B32), count, !source.has("arrive"), isAligned);
    }

    private Op vote(PtxInstruction source, boolean isAligned) {
        int last = source.operands().size() - 1;
        if (!(source.operands().get(last) instanceof PtxOperand.Register predicate)) {
            return null;
        }
        Slot count = last == 3 ? in(source, 2, PtxType.B32) : null;
        BlockBarrier op = new BlockBarrier(in(source, 1, PtxType.B32), count, true, isAligned);
        BlockBarrier.Vote how = source.has("and") ? BlockBarrier.Vote.AND
                : source.has("or") ? BlockBarrier.Vote.OR : BlockBarrier.Vote.COUNT;
        op.vote(how, operands.register(predicate.register()), predicate.isNegated(),
                operands.target(source, source.operands().getFirst()));
        return op;
    }

    private Op shuffle(PtxInstruction source) {
        if (!source.has("sync")) {
            return null;
        }
        PtxOperand to = source.operands().getFirst();
        Slot[] results = to instanceof PtxOperand.Pair pair
                ? new Slot[] {operands.target(source, pair.first()), operands.targetOrNull(source, pair.second())}
                : new Slot[] {operands.target(source, to), null};
        Slot[] from = new Slot[4];
        for (int i = 0; i < 4; i++) {
            from[i] = in(source, i + 1, PtxType.B32);
        }
        return new Shuffle(source.modifiers().get(1), results, from);
    }

    private Op vote(PtxInstruction source) {
        if (!source.has("sync")) {
            return null;
        }
        PtxOperand operand = source.operands().get(1);
        Slot value = operand instanceof PtxOperand.Immediate constant
                ? operands.program.constant(constant.bits() != 0) : operands.target(source, operand);
        boolean isNegated = operand instanceof PtxOperand.Register register && register.isNegated();
        Ballot.Result result = switch (source.modifiers().get(1)) {
            case "ballot" -> (values, mask, lane) -> ballot(values, mask) & 0xFFFF_FFFFL;
            case "all" -> (values, mask, lane) -> ballot(values, mask) == mask ? 1 : 0;
            case "any" -> (values, mask, lane) -> ballot(values, mask) != 0 ? 1 : 0;
            default -> (values, mask, lane) -> ballot(values, mask) == mask || ballot(values, mask) == 0 ? 1 : 0;
        };
        return new Ballot(result, operands.target(source, source.operands().getFirst()), null,
                value, isNegated, in(source, 2, PtxType.B32));
    }

    private static int ballot(long[] values, int mask) {
        int yes = 0;
        for (int lane = 0; lane < 32; lane++) {
            yes |= values[lane] != 0 ? 1 << lane : 0;
        }
        return yes & mask;
    }

    private Op match(PtxInstruction source) {
        PtxOperand to = source.operands().getFirst();
        Slot target = operands.targetOrNull(source, to instanceof PtxOperand.Pair pair ? pair.first() : to);
        Slot second = to instanceof PtxOperand.Pair pair ? operands.targetOrNull(source, pair.second()) : null;
        boolean isAll = source.has("all");
        Ballot.Result result = (values, mask, lane) -> {
            int same = 0;
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int other = Integer.numberOfTrailingZeros(rest);
                same |= values[other] == values[lane] ? 1 << other : 0;
            }
            return isAll && same != mask ? 0 : same & 0xFFFF_FFFFL;
        };
        return new Ballot(result, target, second, in(source, 1, AluTable.type(source)), false,
                in(source, 2, PtxType.B32));
    }

    private Op redux(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        String how = source.modifiers().get(1);
        Ballot.Result result = (values, mask, lane) -> {
            long sum = values[Integer.numberOfTrailingZeros(mask)];
            for (int rest = mask & mask - 1; rest != 0; rest &= rest - 1) {
                sum = reduce(how, sum, values[Integer.numberOfTrailingZeros(rest)], type);
            }
            return sum & 0xFFFF_FFFFL;
        };
        return type.isFloat() ? null : new Ballot(result, operands.target(source, source.operands().getFirst()), null,
                in(source, 1, type), false, in(source, 2, PtxType.B32));
    }

    private static long reduce(String how, long a, long b, PtxType type) {
        long left = IntegerFunctions.extend(a, type);
        long right = IntegerFunctions.extend(b, type);
        return switch (how) {
            case "add" -> left + right;
            case "min" -> Math.min(left, right);
            case "max" -> Math.max(left, right);
            case "and" -> left & right;
            case "or" -> left | right;
            default -> left ^ right;
        };
    }
}
