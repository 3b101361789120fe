package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import java.util.List;

/** Instructions of matrices: a warp's lanes hold parts of them. */
final class MatrixTable {
    private final Operands operands;

    MatrixTable(Operands operands) {
        this.operands = operands;
    }

    Op decode(PtxInstruction source) {
        return switch (source.opcode()) {
            case "ldmatrix" -> loadMatrix(source);
            case "stmatrix" -> storeMatrix(source);
            case "mma" -> mma(source);
            case "wmma" -> wmma(source);
            case "movmatrix" -> new MoveMatrix(operands.target(source, source.operands().getFirst()),
                    operands.source(source, source.operands().get(1), PtxType.B32));
            default -> null;
        };
    }

    private Slot[] slots(PtxInstruction source, PtxOperand operand, PtxType type) {
        List<PtxOperand> elements = operand instanceof PtxOperand.Vector vector ? vector.elements() : List.of(operand);
        Slot[] slots = new Slot[elements.size()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = operands.source(source, elements.get(i), type);
        }
        return slots;
    }

    private Op loadMatrix(PtxInstruction source) {
        Slot[] targets = slots(source, source.operands().getFirst(), PtxType.B32);
        int num = source.has("x4") ? 4 : source.has("x2") ? 2 : 1;
        if (!source.has("m8n8") || num != targets.length) {
            return null;
        }
        Address address = operands.address(source, source.operands().get(1), AluTable.space(source));
        return new LoadMatrix(address, targets, source.has("trans"));
    }

    private Op storeMatrix(PtxInstruction source) {
        Slot[] from = slots(source, source.operands().get(1), PtxType.B32);
        int num = source.has("x4") ? 4 : source.has("x2") ? 2 : 1;
        if (!source.has("m8n8") || num != from.length) {
            return null;
        }
        Address address = operands.address(source, source.operands().getFirst(), AluTable.space(source));
        return new StoreMatrix(address, from, source.has("trans"));
    }

    private Op mma(PtxInstruction source) {
        List<PtxType> types = AluTable.types(source);
        MatrixShape shape = MatrixShape.of(source.modifiers());
        if (shape == null || types.size() != 4 || source.has("sp") || !source.has("row") || !source.has("col")
                || source.has("m8n8k4") && types.get(1) != PtxType.F64) {
            return null;
        }
        PtxType d = types.get(0);
        PtxType a = types.get(1);
        PtxType c = types.get(3);
        MatrixShape.Fragments fragments = MatrixShape.fragments(shape, a, d);
        if (fragments == null || types.get(2).bits() != a.bits() || d.bits() != c.bits()) {
            return null;
        }
        List<PtxOperand> list = source.operands();
        PtxType operandType = a == PtxType.F64 ? PtxType.F64 : PtxType.B32;
        PtxType sumType = d == PtxType.F64 ? PtxType.F64 : PtxType.B32;
        Mma op = new Mma(shape, fragments, new PtxType[] {d, a, types.get(2), c}, source.has("satfinite"));
        op.registers(slots(source, list.get(0), sumType), slots(source, list.get(1), operandType),
                slots(source, list.get(2), operandType), slots(source, list.get(3), sumType));
        return op.fits() ? op : null;
    }

    private Op wmma(PtxInstruction source) {
        MatrixShape shape = MatrixShape.of(source.modifiers());
        String what = source.modifiers().getFirst();
        if (shape == null) {
            return null;
        }
        if (what.equals("mma")) {
            return wmmaProduct(source, shape);
        }
        PtxType type = AluTable.type(source);
        boolean isStore = what.equals("store");
        char which = source.modifiers().get(1).charAt(0);
        boolean isRow = source.has("row");
        int fragment = isStore ? 1 : 0;
        PtxType held = type == PtxType.F64 ? PtxType.F64 : PtxType.B32;
        Slot[] slots = slots(source, source.operands().get(fragment), held);
        MatrixShape.Map map = MatrixShape.wmma(shape, which, type, slots.length);
        if (map == null) {
            return null;
        }
        Slot stride = source.operands().size() > 2 ? operands.source(source, source.operands().get(2), PtxType.U32)
                : operands.constant(MatrixShape.denseStride(shape, which, isRow), PtxType.U32);
        Address address = operands.address(source, source.operands().get(1 - fragment), AluTable.space(source));
        return new WmmaAccess(address, stride, slots, type, map, isRow, isStore);
    }

    private Op wmmaProduct(PtxInstruction source, MatrixShape shape) {
        List<PtxType> types = AluTable.types(source);
        PtxType d = types.get(0);
        PtxType a = types.size() > 2 ? types.get(1) : PtxType.F16;
        PtxType b = types.size() > 2 ? types.get(2) : PtxType.F16;
        PtxType c = types.getLast();
        List<PtxOperand> list = source.operands();
        PtxType held = d == PtxType.F64 ? PtxType.F64 : PtxType.B32;
        Slot[] ds = slots(source, list.get(0), held);
        Slot[] as = slots(source, list.get(1), held);
        Slot[] bs = slots(source, list.get(2), held);
        Slot[] cs = slots(source, list.get(3), held);
        MatrixShape.Fragments fragments = new MatrixShape.Fragments(MatrixShape.wmma(shape, 'a', a, as.length),
                MatrixShape.wmma(shape, 'b', b, bs.length), MatrixShape.wmma(shape, 'c', c, cs.length),
                MatrixShape.wmma(shape, 'd', d, ds.length));
        if (fragments.a() == null || fragments.b() == null || fragments.c() == null || fragments.d() == null) {
            return null;
        }
        Mma op = new Mma(shape, fragments, new PtxType[] {d, a, b, c}, source.has("satfinite"));
        op.registers(ds, as, bs, cs);
        return op.fits() ? op : null;
    }
}
