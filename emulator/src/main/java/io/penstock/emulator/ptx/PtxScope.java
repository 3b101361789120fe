package io.penstock.emulator.ptx;

import java.util.HashMap;
import java.util.Map;

/** Names between two braces; the inner ones hide the outer ones. */
final class PtxScope {
    private record Range(String prefix, int count, PtxType type, Map<Integer, PtxRegister> taken) {}

    private final PtxScope outer;
    private final PtxFunction function;
    private final Map<String, PtxRegister> registers = new HashMap<>();
    private final Map<String, Range> ranges = new HashMap<>();
    private final Map<String, PtxVariable> variables = new HashMap<>();
    private final Map<String, String> labels = new HashMap<>();

    PtxScope(PtxScope outer, PtxFunction function) {
        this.outer = outer;
        this.function = function;
    }

    PtxScope outer() {
        return outer;
    }

    void addRegister(String name, PtxType type) {
        registers.put(name, register(name, type));
    }

    /** Registers {@code prefix0} to {@code prefix(count-1)}, each made when it is first named. */
    void addRegisters(String prefix, int count, PtxType type) {
        ranges.put(prefix, new Range(prefix, count, type, new HashMap<>()));
    }

    private PtxRegister register(String name, PtxType type) {
        PtxRegister register = new PtxRegister(function.registers().size(), name, type);
        function.registers().add(register);
        return register;
    }

    void addVariable(PtxVariable variable) {
        variables.put(variable.name(), variable);
    }

    void addLabel(String name, String unique) {
        labels.put(name, unique);
    }

    PtxRegister findRegister(String name) {
        PtxRegister register = registers.get(name);
        if (register == null) {
            register = fromRange(name);
        }
        return register == null && outer != null ? outer.findRegister(name) : register;
    }

    private PtxRegister fromRange(String name) {
        int digits = name.length();
        while (digits > 0 && Character.isDigit(name.charAt(digits - 1))) {
            digits--;
        }
        // A prefix may itself end in digits.
        for (int split = digits; split < name.length(); split++) {
            Range range = ranges.get(name.substring(0, split));
            boolean isCanonical = name.charAt(split) != '0' || split == name.length() - 1;
            if (range != null && isCanonical && name.length() - split < 9) {
                int index = Integer.parseInt(name.substring(split));
                if (index < range.count()) {
                    return range.taken().computeIfAbsent(index, unused -> register(name, range.type()));
                }
            }
        }
        return null;
    }

    PtxVariable findVariable(String name) {
        PtxVariable variable = variables.get(name);
        return variable == null && outer != null ? outer.findVariable(name) : variable;
    }

    String findLabel(String name) {
        String label = labels.get(name);
        return label == null && outer != null ? outer.findLabel(name) : label;
    }
}
