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
        addMoved(code, held, operands);
        for (Op op : held.isEmpty() ? List.<Op>of() : code) {
            if (!(op instanceof Wgmma)) {
                Set<Integer> touched = new TreeSet<>();
                op.source.operands().forEach(each -> collect(each, operands, touched));
                touched.retainAll(held);
                op.matrixSlots = touched.isEmpty() ? null : touched.stream().mapToInt(each -> each).toArray();
            }
        }
    }

    /** Compilers move values to the registers that they need: what is moved there is watched as well. */
    private static void addMoved(List<Op> code, Set<Integer> held, Operands operands) {
        int before = -1;
        while (before != held.size()) {
            before = held.size();
            for (Op op : code) {
                List<PtxOperand> list = op.source.operands();
                if (isMove(op) && list.get(1) instanceof PtxOperand.Register from
                        && list.get(0) instanceof PtxOperand.Register to
                        && held.contains(operands.register(to.register()).id())) {
                    held.add(operands.register(from.register()).id());
                }
            }
        }
    }

    /** Whether it gives one register the value of another, or a constant one. */
    static boolean isMove(Op op) {
        return op.source.opcode().equals("mov") && op.targets.length == 1 && op.sources.length == 1;
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
