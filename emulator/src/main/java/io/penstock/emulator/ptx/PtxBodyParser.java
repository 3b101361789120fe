package io.penstock.emulator.ptx;

import java.util.ArrayList;
import java.util.List;

/** Reads what stands between the braces of a function. */
final class PtxBodyParser {
    private final PtxTokens tokens;
    private final PtxModule module;
    private final PtxFunction function;
    private final PtxDeclarations declarations;
    private PtxScope scope;
    private int numScopes;
    private int cudaLine;

    PtxBodyParser(PtxTokens tokens, PtxModule module, PtxFunction function) {
        this.tokens = tokens;
        this.module = module;
        this.function = function;
        this.declarations = new PtxDeclarations(tokens);
        this.scope = new PtxScope(null, function);
        function.parameters().forEach(scope::addVariable);
        function.results().forEach(scope::addVariable);
    }

    /** Everything up to the closing brace, which is taken. */
    void body() {
        open();
        int depth = 1;
        while (depth > 0) {
            if (tokens.takeIf("{")) {
                open();
                depth++;
            } else if (tokens.takeIf("}")) {
                scope = scope.outer();
                depth--;
            } else {
                statement();
            }
        }
    }

    /** A scope knows its labels before its instructions: they branch forward. */
    private void open() {
        scope = new PtxScope(scope, function);
        String suffix = numScopes == 0 ? "" : "@" + numScopes;
        numScopes++;
        int end = tokens.closingBrace(tokens.position());
        int depth = 0;
        for (int i = tokens.position(); i < end; i++) {
            String word = tokens.at(i);
            if (word.equals("{")) {
                depth++;
            } else if (word.equals("}")) {
                depth--;
            } else if (depth == 0 && word.equals(":")) {
                scope.addLabel(tokens.at(i - 1), tokens.at(i - 1) + suffix);
            }
        }
    }

    private void statement() {
        int line = tokens.line();
        String word = tokens.peek();
        if (tokens.peek(1).equals(":")) {
            label();
            return;
        }
        switch (word) {
            case ";" -> tokens.take();
            case ".reg" -> registers();
            case ".shared", ".local", ".param", ".global", ".const" -> declare(false);
            case ".extern" -> {
                tokens.take();
                declare(true);
            }
            case ".loc" -> {
                tokens.take();
                tokens.take();
                cudaLine = (int) tokens.takeInteger();
                tokens.skipLine();
            }
            case ".pragma" -> tokens.skipPast(";");
            default -> {
                if (word.startsWith(".")) {
                    throw PtxException.unsupported(line, "the directive " + word);
                }
                instruction(line);
            }
        }
    }

    private void declare(boolean isExtern) {
        for (PtxVariable variable : declarations.variables(isExtern)) {
            scope.addVariable(variable);
            if (variable.space() == StateSpace.GLOBAL || variable.space() == StateSpace.CONST) {
                module.variables().put(variable.name(), variable);
            } else {
                function.variables().add(variable);
            }
        }
    }

    private void label() {
        String name = scope.findLabel(tokens.take());
        tokens.expect(":");
        switch (tokens.peek()) {
            case ".callprototype" -> tokens.skipPast(";");
            case ".branchtargets" -> {
                tokens.take();
                function.branchTables().put(name, names());
            }
            case ".calltargets" -> {
                tokens.take();
                function.callTargets().put(name, names());
            }
            default -> function.labels().put(name, function.instructions().size());
        }
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        do {
            String word = tokens.take();
            String label = scope.findLabel(word);
            names.add(label == null ? word : label);
        } while (tokens.takeIf(","));
        tokens.expect(";");
        return names;
    }

    private void registers() {
        tokens.take();
        int line = tokens.line();
        String word = tokens.take();
        PtxType type = PtxType.of(word.substring(1));
        if (type == null) {
            throw PtxException.unsupported(line, "a register of type " + word);
        }
        do {
            String name = tokens.take();
            if (tokens.takeIf("<")) {
                scope.addRegisters(name, (int) tokens.takeInteger(), type);
                tokens.expect(">");
            } else {
                scope.addRegister(name, type);
            }
        } while (tokens.takeIf(","));
        tokens.expect(";");
    }

    private void instruction(int line) {
        PtxOperand.Register guard = null;
        if (tokens.takeIf("@")) {
            boolean isNegated = tokens.takeIf("!");
            guard = new PtxOperand.Register(register(tokens.take(), line), isNegated);
        }
        String[] words = tokens.take().split("\\.");
        List<String> modifiers = new ArrayList<>(List.of(words).subList(1, words.length));
        while (tokens.peek().startsWith(".")) {
            modifiers.addAll(List.of(tokens.take().substring(1).split("\\.")));
        }
        List<PtxOperand> operands;
        try {
            operands = operands();
        } catch (PtxException e) {
            if (!e.isUnsupported()) {
                throw e;
            }
            tokens.skipPast(";");
            operands = List.of(new PtxOperand.Unsupported(e.problem()));
        }
        function.instructions().add(
                new PtxInstruction(words[0], List.copyOf(modifiers), guard, List.copyOf(operands), line, cudaLine));
    }

    private List<PtxOperand> operands() {
        List<PtxOperand> operands = new ArrayList<>();
        while (!tokens.takeIf(";")) {
            operands.add(operand());
            if (!tokens.takeIf(",") && !tokens.peek().equals(";")) {
                throw PtxException.syntax(tokens.line(), "';' expected, '" + tokens.peek() + "' found");
            }
        }
        return operands;
    }

    private PtxOperand operand() {
        PtxOperand first = single();
        return tokens.takeIf("|") ? new PtxOperand.Pair(first, single()) : first;
    }

    private PtxOperand single() {
        int line = tokens.line();
        String word = tokens.take();
        switch (word) {
            case "{" -> {
                return new PtxOperand.Vector(list("}"));
            }
            case "(" -> {
                return new PtxOperand.Group(list(")"));
            }
            case "[" -> {
                return address(line);
            }
            case "!" -> {
                return new PtxOperand.Register(register(tokens.take(), line), true);
            }
            case "-" -> {
                return PtxNumbers.immediate(tokens.take(), true, line);
            }
            case "_" -> {
                return new PtxOperand.Sink();
            }
            default -> {
                return PtxNumbers.isNumber(word) ? PtxNumbers.immediate(word, false, line) : named(word, line);
            }
        }
    }

    private List<PtxOperand> list(String end) {
        List<PtxOperand> elements = new ArrayList<>();
        while (!tokens.takeIf(end)) {
            elements.add(single());
            if (!tokens.takeIf(",") && !tokens.peek().equals(end)) {
                throw PtxException.syntax(tokens.line(), "'" + end + "' expected, '" + tokens.peek() + "' found");
            }
        }
        return List.copyOf(elements);
    }

    private PtxOperand address(int line) {
        PtxOperand base = single();
        long offset = 0;
        while (!tokens.takeIf("]")) {
            if (tokens.peek().equals(",")) {
                throw PtxException.unsupported(line, "an address of several coordinates");
            }
            boolean minus = !tokens.takeIf("+");
            minus = minus ? takeMinus() : tokens.takeIf("-");
            long amount = tokens.takeInteger();
            offset += minus ? -amount : amount;
        }
        return new PtxOperand.Address(base, offset);
    }

    private boolean takeMinus() {
        tokens.expect("-");
        return true;
    }

    private PtxOperand named(String word, int line) {
        PtxRegister register = scope.findRegister(word);
        if (register != null) {
            return new PtxOperand.Register(register, false);
        }
        if (word.startsWith("%")) {
            return new PtxOperand.Special(word.substring(1));
        }
        String label = scope.findLabel(word);
        if (label != null) {
            return new PtxOperand.Name(label);
        }
        PtxVariable variable = scope.findVariable(word);
        if (variable == null) {
            variable = module.variables().get(word);
        }
        if (variable != null) {
            return new PtxOperand.Symbol(word, variable, symbolOffset());
        }
        if (word.equals("WARP_SZ")) {
            return new PtxOperand.Immediate(32, PtxOperand.Immediate.Kind.INTEGER);
        }
        if (word.equals("generic") && tokens.takeIf("(")) {
            PtxOperand inner = single();
            tokens.expect(")");
            return inner;
        }
        if (word.indexOf('.') > 0) {
            throw PtxException.unsupported(line, "the operand " + word);
        }
        return new PtxOperand.Name(word);
    }

    /** In {@code [name+4]} the sum belongs to the address, so that only {@code mov d, name+4} comes here. */
    private long symbolOffset() {
        if (tokens.peek().equals("+") && PtxNumbers.isNumber(tokens.peek(1)) && !tokens.peek(2).equals("]")) {
            tokens.take();
            return tokens.takeInteger();
        }
        return 0;
    }

    private PtxRegister register(String word, int line) {
        PtxRegister register = scope.findRegister(word);
        if (register == null) {
            throw PtxException.syntax(line, "the register " + word + " is not declared");
        }
        return register;
    }
}
