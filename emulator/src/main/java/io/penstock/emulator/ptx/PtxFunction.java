package io.penstock.emulator.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An entry or a function: its parameters, registers, variables and instructions. */
public final class PtxFunction {
    private final String name;
    private final boolean isEntry;
    private final int line;
    private final List<PtxVariable> parameters = new ArrayList<>();
    private final List<PtxVariable> results = new ArrayList<>();
    private final List<PtxVariable> variables = new ArrayList<>();
    private final List<PtxRegister> registers = new ArrayList<>();
    private final List<PtxInstruction> instructions = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<String, List<String>> branchTables = new HashMap<>();
    private final Map<String, List<String>> callTargets = new HashMap<>();
    private int maxThreads;
    private int minBlocks;
    private int maxRegisters;
    private int[] cluster = {1, 1, 1};
    private boolean hasCluster;
    private boolean isDefined;

    PtxFunction(String name, boolean isEntry, int line) {
        this.name = name;
        this.isEntry = isEntry;
        this.line = line;
    }

    public String name() {
        return name;
    }

    public boolean isEntry() {
        return isEntry;
    }

    /** Of its name in the PTX text. */
    public int line() {
        return line;
    }

    public List<PtxVariable> parameters() {
        return parameters;
    }

    public List<PtxVariable> results() {
        return results;
    }

    /** Variables declared inside, parameters of calls included. */
    public List<PtxVariable> variables() {
        return variables;
    }

    public List<PtxRegister> registers() {
        return registers;
    }

    public List<PtxInstruction> instructions() {
        return instructions;
    }

    /** The index of the instruction that follows each label. */
    public Map<String, Integer> labels() {
        return labels;
    }

    /** Labels by the name of the table that lists them. */
    public Map<String, List<String>> branchTables() {
        return branchTables;
    }

    /** Functions by the name of the list of what an indirect call may reach. */
    public Map<String, List<String>> callTargets() {
        return callTargets;
    }

    /** Threads that a block may have; 0 if the text does not say. */
    public int maxThreads() {
        return maxThreads;
    }

    /** Whether there is a body. */
    public boolean isDefined() {
        return isDefined;
    }

    void define() {
        isDefined = true;
    }

    /** Blocks that shall fit into a multiprocessor; 0 if the text does not say. */
    public int minBlocks() {
        return minBlocks;
    }

    /** Registers that a thread may have; 0 if the text does not say. */
    public int maxRegisters() {
        return maxRegisters;
    }

    /** Blocks of a cluster along x, y and z; all 1 if the text does not say. */
    public int[] cluster() {
        return cluster.clone();
    }

    /** Whether the text says that blocks form clusters, be it of one. */
    public boolean hasCluster() {
        return hasCluster;
    }

    void limit(String directive, int[] numbers) {
        switch (directive) {
            case ".maxntid", ".reqntid" -> maxThreads = numbers[0] * numbers[1] * numbers[2];
            case ".minnctapersm" -> minBlocks = numbers[0];
            case ".maxnreg" -> maxRegisters = numbers[0];
            case ".reqnctapercluster" -> {
                cluster = numbers;
                hasCluster = true;
            }
            default -> {
                // Others bound what is not bounded here.
            }
        }
    }
}
