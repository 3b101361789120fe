package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import java.util.List;

/** Instructions of warpgroups: matrices, and registers. */
final class WarpGroupTable {
    private final Operands operands;

    WarpGroupTable(Operands operands) {
        this.operands = operands;
    }

    Op decode(PtxInstruction source) {
        operands.program.usesWarpGroups = true;
        if (source.opcode().equals("setmaxnreg")) {
            return setMaxRegisters(source);
        }
        return switch (source.modifiers().getFirst()) {
            case "fence" -> new WgmmaSync(WgmmaSync.Kind.FENCE, 0);
            case "commit_group" -> new WgmmaSync(WgmmaSync.Kind.COMMIT, 0);
            case "wait_group" -> source.operands().getFirst() instanceof PtxOperand.Immediate number
                    ? new WgmmaSync(WgmmaSync.Kind.WAIT, (int) number.bits()) : null;
            case "mma_async" -> product(source);
            default -> null;
        };
    }

    private static Op setMaxRegisters(PtxInstruction source) {
        if (!(source.operands().getFirst() instanceof PtxOperand.Immediate number)) {
            return null;
        }
        int numRegisters = (int) number.bits();
        if (numRegisters < RegisterPool.MIN || numRegisters > RegisterPool.MAX || numRegisters % 8 != 0) {
            throw PtxException.syntax(source.line(), source.name() + " " + numRegisters + ": multiples of 8 from "
                    + RegisterPool.MIN + " to " + RegisterPool.MAX + " are possible");
        }
        return new SetMaxRegisters(numRegisters, source.has("inc"));
    }

    private Op product(PtxInstruction source) {
        List<PtxType> types = AluTable.types(source);
        MatrixShape shape = MatrixShape.of(source.modifiers());
        if (shape == null || types.size() != 3 || source.has("sp") || shape.m() != 64 || shape.k() != 16
                || shape.n() % 8 != 0 || shape.n() < 8 || shape.n() > 256) {
            return null;
        }
        PtxType d = types.get(0);
        PtxType a = types.get(1);
        boolean isPossible = a == PtxType.BF16 && d == PtxType.F32
                || a == PtxType.F16 && (d == PtxType.F32 || d == PtxType.F16);
        if (!isPossible || types.get(2) != a) {
            return null;
        }
        List<PtxOperand> list = source.operands();
        boolean inRegisters = list.get(1) instanceof PtxOperand.Vector;
        boolean transposesA = !inRegisters && list.size() > 6 && flag(source, 6);
        boolean transposesB = list.size() > 6 && flag(source, inRegisters ? 6 : 7);
        Wgmma op = new Wgmma(shape.n(), a, d, new Wgmma.Options(list.size() > 4 && number(source, 4) < 0,
                list.size() > 5 && number(source, 5) < 0, transposesA, transposesB));
        op.registers(slots(source, list.get(0), PtxType.B32),
                slots(source, list.get(1), inRegisters ? PtxType.B32 : PtxType.B64), slot(source, list.get(2)));
        if (list.size() > 3) {
            adds(source, op, list.get(3));
        }
        return op.fits() ? op : null;
    }

    private void adds(PtxInstruction source, Wgmma op, PtxOperand operand) {
        if (operand instanceof PtxOperand.Register register && register.register().type() == PtxType.PRED) {
            op.adds(operands.register(register.register()), register.isNegated());
        } else if (operand instanceof PtxOperand.Immediate immediate) {
            op.adds(operands.program.constant(immediate.bits() != 0), false);
        } else {
            throw PtxException.unsupported(source.line(), source.name() + " without a predicate");
        }
    }

    private static boolean flag(PtxInstruction source, int index) {
        return number(source, index) != 0;
    }

    private static long number(PtxInstruction source, int index) {
        if (source.operands().get(index) instanceof PtxOperand.Immediate immediate) {
            return immediate.bits();
        }
        throw PtxException.syntax(source.line(), "a number expected in " + source.name());
    }

    private Slot slot(PtxInstruction source, PtxOperand operand) {
        return operands.source(source, operand, PtxType.B64);
    }

    private Slot[] slots(PtxInstruction source, PtxOperand operand, PtxType type) {
        List<PtxOperand> elements = operand instanceof PtxOperand.Vector vector ? vector.elements() : List.of(operand);
        Slot[] slots = new Slot[elements.size()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = operands.source(source, elements.get(i), type);
        }
        return slots;
    }
}
