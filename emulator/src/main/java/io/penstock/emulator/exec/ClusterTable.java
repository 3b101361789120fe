package io.penstock.emulator.exec;

import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.StateSpace;

/** Instructions of clusters. */
final class ClusterTable {
    private final Operands operands;

    ClusterTable(Operands operands) {
        this.operands = operands;
    }

    Op decode(PtxInstruction source) {
        return switch (source.opcode()) {
            case "mapa" -> map(source);
            case "getctarank" -> rank(source);
            default -> null;
        };
    }

    /** barrier.cluster. */
    Op barrier(PtxInstruction source) {
        boolean waits = source.has("wait");
        return new ClusterBarrier(waits, source.has("aligned"), !source.has("relaxed"));
    }

    private Op map(PtxInstruction source) {
        PtxType type = AluTable.type(source);
        boolean isGeneric = AluTable.space(source) == StateSpace.GENERIC;
        long window = isGeneric ? AddressSpace.SHARED_WINDOW : 0;
        Slot target = operands.target(source, source.operands().getFirst());
        return new AluLong((a, b, c) -> window | Cluster.mapped((int) a, (int) b) & 0xFFFF_FFFFL, UndefinedBits.ALL,
                target, new Slot[] {operands.source(source, source.operands().get(1), type),
                    operands.source(source, source.operands().get(2), PtxType.U32)});
    }

    private Op rank(PtxInstruction source) {
        Slot target = operands.target(source, source.operands().getFirst());
        return new RankOf(target, operands.source(source, source.operands().get(1), AluTable.type(source)));
    }

    /** getctarank. */
    private static final class RankOf extends Op {
        RankOf(Slot target, Slot address) {
            this.targets = new Slot[] {target};
            this.sources = new Slot[] {address};
        }

        @Override
        void execute(Warp warp, int mask) {
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                warp.write(targets[0], lane, Cluster.rank(warp.cta, (int) warp.read(sources[0], lane)));
            }
        }
    }
}
