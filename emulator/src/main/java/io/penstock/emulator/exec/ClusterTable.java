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
        return new OfCluster(operands.target(source, source.operands().getFirst()),
                new Slot[] {operands.source(source, source.operands().get(1), type),
                    operands.source(source, source.operands().get(2), PtxType.U32)},
                (cta, address, rank) -> window | Cluster.mapped(cta, (int) address, (int) rank) & 0xFFFF_FFFFL);
    }

    private Op rank(PtxInstruction source) {
        return new OfCluster(operands.target(source, source.operands().getFirst()),
                new Slot[] {operands.source(source, source.operands().get(1), AluTable.type(source))},
                (cta, address, unused) -> Cluster.rank(cta, (int) address));
    }

    /** mapa and getctarank: what an address means to a block. */
    private static final class OfCluster extends Op {
        private interface Function {
            long of(Cta cta, long first, long second);
        }

        private final Function function;

        OfCluster(Slot target, Slot[] from, Function function) {
            this.targets = new Slot[] {target};
            this.sources = from;
            this.function = function;
        }

        @Override
        void execute(Warp warp, int mask) {
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                long second = sources.length > 1 ? warp.read(sources[1], lane) : 0;
                warp.write(targets[0], lane, function.of(warp.cta, warp.read(sources[0], lane), second));
            }
        }
    }
}
