package io.penstock.emulator.ptx;

import java.util.List;
import java.util.Set;

/** Reads a module: its directives, variables and functions. */
final class PtxParser {
    private static final Set<String> LINKING = Set.of(".visible", ".extern", ".weak", ".common");
    private static final Set<String> LIMITS = Set.of(".maxntid", ".reqntid", ".minnctapersm", ".maxnctapersm",
            ".maxnreg", ".reqnctapercluster", ".maxclusterrank");

    private static final Set<String> MARKS = Set.of(".noreturn", ".noinline", ".explicitcluster");

    private final PtxTokens tokens;
    private final PtxModule module = new PtxModule();
    private final PtxDeclarations declarations;

    PtxParser(String text) {
        this.tokens = new PtxTokens(text);
        this.declarations = new PtxDeclarations(tokens);
    }

    PtxModule module() {
        while (!tokens.atEnd()) {
            directive();
        }
        return module;
    }

    private void directive() {
        boolean isExtern = false;
        while (LINKING.contains(tokens.peek())) {
            isExtern |= tokens.take().equals(".extern");
        }
        int line = tokens.line();
        String word = tokens.peek();
        switch (word) {
            case ".version", ".address_size" -> {
                tokens.take();
                tokens.take();
            }
            case ".target" -> {
                tokens.take();
                module.target(tokens.take());
                while (tokens.takeIf(",")) {
                    tokens.take();
                }
            }
            case ".file" -> file();
            case ".loc" -> {
                tokens.take();
                tokens.skipLine();
            }
            case ".pragma", ".alias" -> tokens.skipPast(";");
            case ".section" -> {
                tokens.skipPast("{");
                skipBraces();
            }
            case ".entry", ".func" -> function();
            case ".global", ".const", ".shared", ".local", ".tex" -> {
                for (PtxVariable variable : declarations.variables(isExtern)) {
                    module.variables().merge(variable.name(), variable, (old, now) -> now.isExtern() ? old : now);
                }
            }
            case "@@DWARF" -> tokens.skipLine();
            case "@" -> {
                tokens.take();
                tokens.skipLine();
            }
            default -> throw PtxException.syntax(line, "a directive expected, '" + word + "' found");
        }
    }

    private void file() {
        tokens.take();
        int number = (int) tokens.takeInteger();
        String name = tokens.take();
        module.files().put(number, name.replace("\"", ""));
        while (tokens.takeIf(",")) {
            tokens.take();
        }
    }

    private void skipBraces() {
        while (!tokens.takeIf("}")) {
            tokens.take();
        }
    }

    private void function() {
        int line = tokens.line();
        boolean isEntry = tokens.take().equals(".entry");
        List<PtxVariable> results = tokens.peek().equals("(")
                ? declarations.parameters() : List.of();
        PtxFunction function = new PtxFunction(tokens.take(), isEntry, line);
        function.results().addAll(results);
        if (tokens.peek().equals("(")) {
            function.parameters().addAll(declarations.parameters());
        }
        while (tokens.peek().startsWith(".")) {
            functionDirective(function);
        }
        if (tokens.takeIf(";")) {
            module.functions().putIfAbsent(function.name(), function);
            return;
        }
        module.functions().put(function.name(), function);
        tokens.expect("{");
        function.define();
        new PtxBodyParser(tokens, module, function).body();
    }

    private void functionDirective(PtxFunction function) {
        String word = tokens.take();
        if (LIMITS.contains(word)) {
            int[] numbers = {1, 1, 1};
            numbers[0] = (int) tokens.takeInteger();
            for (int i = 1; tokens.takeIf(","); i++) {
                numbers[Math.min(i, 2)] = (int) tokens.takeInteger();
            }
            function.limit(word, numbers);
        } else if (word.equals(".pragma")) {
            tokens.skipPast(";");
        } else if (!MARKS.contains(word)) {
            throw PtxException.unsupported(tokens.line(), "the directive " + word);
        }
    }
}
