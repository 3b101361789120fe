package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.PtxVariable;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** From an instruction to its operation. */
final class OpTable {
    private final Operands operands;
    private final AluTable alu;
    private final AsyncTable async;
    private final MemoryTable memory;
    private final WarpGroupTable warpGroup;
    private final ClusterTable cluster;
    private final SyncTable sync;
    private final MatrixTable matrix;

    OpTable(Operands operands) {
        this.operands = operands;
        this.alu = new AluTable(operands);
        this.async = new AsyncTable(operands);
        this.memory = new MemoryTable(operands, async);
        this.warpGroup = new WarpGroupTable(operands);
        this.cluster = new ClusterTable(operands);
        this.sync = new SyncTable(operands, async, cluster);
        this.matrix = new MatrixTable(operands);
    }

    /** The operation; of what is not executed here, one that says so. */
    Op decode(PtxInstruction source) {
        for (PtxOperand operand : source.operands()) {
            if (operand instanceof PtxOperand.Unsupported unsupported) {
                return new Unsupported(unsupported.problem());
            }
        }
        try {
            Op op = known(source);
            return op != null ? op : new Unsupported(source.name() + " is not supported");
        } catch (PtxException e) {
            if (!e.isUnsupported()) {
                throw e;
            }
            return new Unsupported(e.problem());
        } catch (IndexOutOfBoundsException | NoSuchElementException e) {
            throw PtxException.syntax(source.line(), source.name() + " lacks an operand or a modifier");
        }
    }

    private Op known(PtxInstruction source) {
        return switch (source.opcode()) {
            case "bra" -> new Branch(null);
            case "brx" -> new Branch(operands.source(source, source.operands().getFirst(), PtxType.U32));
            case "ret" -> new Return(false);
            case "exit" -> new Return(true);
            case "call" -> call(source);
            case "trap", "brkpt" -> new Trap();
            case "ld", "ldu", "st", "atom", "red", "cp", "prefetch", "prefetchu", "applypriority", "discard" ->
                    memory.decode(source);
            case "createpolicy" -> async.policy(source);
            case "mbarrier" -> async.barrier(source);
            case "wgmma", "setmaxnreg" -> warpGroup.decode(source);
            case "mapa", "getctarank" -> cluster.decode(source);
            case "griddepcontrol" -> new GridControl(source.has("wait"));
            case "bar", "barrier", "membar", "fence", "shfl", "vote", "match", "redux", "activemask", "nanosleep",
                    "elect" -> sync.decode(source);
            case "mma", "ldmatrix", "stmatrix", "wmma", "movmatrix" -> matrix.decode(source);
            default -> alu.decode(source);
        };
    }

    private Op call(PtxInstruction source) {
        List<PtxVariable> results = List.of();
        List<PtxVariable> arguments = List.of();
        PtxOperand callee = null;
        for (PtxOperand operand : source.operands()) {
            if (operand instanceof PtxOperand.Group group) {
                if (callee == null) {
                    results = variables(source, group);
                } else {
                    arguments = variables(source, group);
                }
            } else if (callee == null) {
                callee = operand;
            }
        }
        if (callee instanceof PtxOperand.Name name) {
            if (External.isKnown(name.name())) {
                return new External(operands.function, name.name(), results);
            }
            Program.Function named = operands.program.functions.get(name.name());
            if (named == null) {
                throw PtxException.unsupported(source.line(), "a call of " + name.name()
                        + ", which the module only declares,");
            }
            return new Call(operands.function, named, null, arguments, results);
        }
        return new Call(operands.function, null, operands.source(source, callee, PtxType.U64), arguments, results);
    }

    private static List<PtxVariable> variables(PtxInstruction source, PtxOperand.Group group) {
        List<PtxVariable> variables = new ArrayList<>();
        for (PtxOperand element : group.elements()) {
            if (!(element instanceof PtxOperand.Symbol symbol)) {
                throw PtxException.unsupported(source.line(), "a call with arguments in registers");
            }
            variables.add(symbol.variable());
        }
        return variables;
    }
}
