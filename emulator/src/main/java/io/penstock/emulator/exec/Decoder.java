package io.penstock.emulator.exec;

import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxFunction;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxModule;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxVariable;
import io.penstock.emulator.ptx.StateSpace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes a program of an entry and all that it may call. */
final class Decoder {
    private static final int SHARED_GAP_BYTES = 128;
    private static final int FRAME_GAP_BYTES = 32;

    private final PtxModule module;
    private final Map<String, Allocation> globals;
    private final Map<String, Long> functionAddresses;
    private final Program program;
    private final Map<String, Slot> specials = new HashMap<>();
    private final List<Op> code = new ArrayList<>();

    Decoder(PtxModule module, PtxFunction entry, Map<String, Allocation> globals,
            Map<String, Long> functionAddresses) {
        this.module = module;
        this.globals = globals;
        this.functionAddresses = functionAddresses;
        this.program = new Program(entry);
    }

    Program program() {
        Map<String, Set<String>> calls = new LinkedHashMap<>();
        collect(program.entry, calls);
        List<String> order = new ArrayList<>();
        postOrder(program.entry.name(), calls, new HashSet<>(), order);
        layOutParameters();
        layOutShared(calls.keySet());
        for (String name : order) {
            Program.Function function = new Program.Function(module.functions().get(name));
            function.isRecursive = reaches(name, name, calls, new HashSet<>());
            layOutFrame(function);
            program.functions.put(name, function);
            Long address = functionAddresses.get(name);
            if (address != null) {
                program.byAddress.put(address, function);
            }
        }
        for (Program.Function function : program.functions.values()) {
            decode(function);
        }
        program.code = code.toArray(new Op[0]);
        program.entryPc = program.functions.get(program.entry.name()).entry;
        program.postDominators = new PostDominators(program.code);
        program.layOut();
        return program;
    }

    /** Functions called by name; an indirect call may reach every function whose address is taken. */
    private void collect(PtxFunction function, Map<String, Set<String>> calls) {
        if (calls.containsKey(function.name())) {
            return;
        }
        Set<String> called = new HashSet<>();
        calls.put(function.name(), called);
        for (PtxInstruction instruction : function.instructions()) {
            boolean isIndirect = instruction.opcode().equals("call")
                    && instruction.operands().stream().anyMatch(each -> each instanceof PtxOperand.Register);
            if (isIndirect) {
                module.functions().values().stream().filter(each -> !each.isEntry() && each.isDefined())
                        .forEach(each -> called.add(each.name()));
            }
            for (PtxOperand operand : instruction.operands()) {
                if (operand instanceof PtxOperand.Name name && module.functions().containsKey(name.name())) {
                    if (module.functions().get(name.name()).isDefined()) {
                        called.add(name.name());
                    }
                }
            }
        }
        for (String name : called) {
            collect(module.functions().get(name), calls);
        }
    }

    private static void postOrder(String name, Map<String, Set<String>> calls, Set<String> seen, List<String> order) {
        if (seen.add(name)) {
            for (String callee : calls.get(name)) {
                postOrder(callee, calls, seen, order);
            }
            order.add(name);
        }
    }

    private static boolean reaches(String from, String to, Map<String, Set<String>> calls, Set<String> seen) {
        for (String callee : calls.get(from)) {
            if (callee.equals(to) || seen.add(callee) && reaches(callee, to, calls, seen)) {
                return true;
            }
        }
        return false;
    }

    private void layOutParameters() {
        int end = 0;
        for (PtxVariable parameter : program.entry.parameters()) {
            int offset = aligned(end, parameter.alignBytes());
            program.parameterOffsets.put(parameter, offset);
            end = offset + (int) parameter.sizeBytes();
        }
        program.parameterBytes = end;
    }

    private void layOutShared(Set<String> functions) {
        List<PtxVariable> variables = new ArrayList<>(module.variables().values());
        for (String name : functions) {
            PtxFunction function = module.functions().get(name);
            variables.addAll(function.variables());
            program.usesReserved |= function.instructions().stream().anyMatch(Decoder::usesReserved);
        }
        int end = program.usesReserved ? Program.RESERVED_BYTES : 0;
        int numBytes = 0;
        for (PtxVariable variable : variables) {
            if (variable.space() == StateSpace.SHARED && !variable.isExtern() && variable.sizeBytes() > 0) {
                int offset = aligned(end, Math.max(SHARED_GAP_BYTES, variable.alignBytes()));
                program.shared.add(new Program.SharedVariable(variable.name(), offset, (int) variable.sizeBytes()));
                end = offset + (int) variable.sizeBytes() + SHARED_GAP_BYTES;
                numBytes += (int) variable.sizeBytes();
            }
        }
        program.dynamicOffset = aligned(end, 1024);
        program.staticSharedBytes = numBytes;
    }

    private static boolean usesReserved(PtxInstruction instruction) {
        return instruction.operands().stream().anyMatch(each -> each instanceof PtxOperand.Special special
                && SpecialRegisters.isReserved(special.name()));
    }

    private static int aligned(int offset, int alignBytes) {
        return Math.ceilDiv(offset, Math.max(1, alignBytes)) * Math.max(1, alignBytes);
    }

    private static void layOutFrame(Program.Function function) {
        PtxFunction source = function.source;
        List<PtxVariable> variables = new ArrayList<>(source.variables());
        if (!source.isEntry()) {
            variables.addAll(source.parameters());
            variables.addAll(source.results());
        }
        int end = 0;
        for (PtxVariable variable : variables) {
            if (variable.space() == StateSpace.LOCAL || variable.space() == StateSpace.PARAM) {
                int offset = aligned(end, variable.alignBytes());
                function.offsets.put(variable, offset);
                end = offset + (int) variable.sizeBytes() + FRAME_GAP_BYTES;
            }
        }
        function.frameBytes = aligned(end, 16);
    }

    private void decode(Program.Function function) {
        PtxFunction source = function.source;
        function.entry = code.size();
        Operands operands = new Operands(program, function, globals, functionAddresses, specials);
        OpTable table = new OpTable(operands);
        List<Branch> branches = new ArrayList<>();
        for (PtxInstruction instruction : source.instructions()) {
            Op op = table.decode(instruction);
            op.source = instruction;
            op.index = code.size();
            if (instruction.guard() != null) {
                Slot guard = operands.register(instruction.guard().register());
                op.guard = guard.at();
                op.guardId = guard.id();
                op.guardNegated = instruction.guard().isNegated();
            }
            code.add(op);
            if (op instanceof Branch branch) {
                branches.add(branch);
            }
        }
        Op end = new Return(false);
        end.source = new PtxInstruction("ret", List.of(), null, List.of(), source.line(), 0);
        end.index = code.size();
        code.add(end);
        for (Branch branch : branches) {
            branch.to(targets(function, branch.source));
        }
        MatrixWatch.mark(code.subList(function.entry, code.size()), operands);
        new Idioms(code, function.entry, code.size()).mark(program, function);
    }

    private static int[] targets(Program.Function function, PtxInstruction branch) {
        PtxOperand last = branch.operands().getLast();
        if (!(last instanceof PtxOperand.Name name)) {
            throw PtxException.syntax(branch.line(), "a label expected");
        }
        List<String> labels = branch.opcode().equals("brx") ? function.source.branchTables().get(name.name())
                : List.of(name.name());
        if (labels == null) {
            throw PtxException.syntax(branch.line(), "the table of labels " + name.name() + " is not there");
        }
        int[] targets = new int[labels.size()];
        for (int i = 0; i < targets.length; i++) {
            Integer place = function.source.labels().get(labels.get(i));
            if (place == null) {
                throw PtxException.syntax(branch.line(), "the label " + labels.get(i) + " is not there");
            }
            targets[i] = function.entry + place;
        }
        return targets;
    }
}
