package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxOperand;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Finds the instructions that touch registers of warpgroups' matrix instructions. */
final class MatrixWatch {
    private MatrixWatch() {}

    /** Marks the instructions of a function. */
    static void mark(List<Op> code, Operands operands) {
        Set<Integer> held = new HashSet<>();
        for (Op op : code) {
            if (op instanceof Wgmma wgmma) {
                for (Slot slot : wgmma.held()) {
                    held.add(slot.id());
                }
            }
        }
        for (Op op : held.isEmpty() ? List.<Op>of() : code) {
            if (!(op instanceof Wgmma)) {
                Set<Integer> touched = new TreeSet<>();
                op.source.operands().forEach(each -> collect(each, operands, touched));
                touched.retainAll(held);
                op.matrixSlots = touched.isEmpty() ? null : touched.stream().mapToInt(each -> each).toArray();
            }
        }
    }

    private static void collect(PtxOperand operand, Operands operands, Set<Integer> to) {
        switch (operand) {
            case PtxOperand.Register register -> to.add(operands.register(register.register()).id());
            case PtxOperand.Vector vector -> vector.elements().forEach(each -> collect(each, operands, to));
            case PtxOperand.Group group -> group.elements().forEach(each -> collect(each, operands, to));
            case PtxOperand.Pair pair -> {
                collect(pair.first(), operands, to);
                collect(pair.second(), operands, to);
            }
            case PtxOperand.Address address -> collect(address.base(), operands, to);
            case PtxOperand.Immediate _, PtxOperand.Special _, PtxOperand.Symbol _, PtxOperand.Name _,
                    PtxOperand.Sink _, PtxOperand.Unsupported _ -> {
                // No register.
            }
        }
    }
}
