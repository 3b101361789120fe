package io.penstock.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** What was typed, as a result keeps it: the options that change what is measured. */
final class CommandLines {
    /** Where a result goes and how it is printed. */
    private static final Set<String> NOT_KEPT = Set.of("--save-result", "--json");

    private CommandLines() {}

    /** {@code ./penstock}, the command's names and its arguments, without those that only say where results go. */
    static String of(CommandSpec spec) {
        List<String> kept = new ArrayList<>(List.of("./" + spec.qualifiedName()));
        List<String> typed = spec.commandLine().getParseResult().originalArgs();
        List<String> arguments = typed.subList(typed.lastIndexOf(spec.name()) + 1, typed.size());
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            String name = argument.replaceFirst("=.*", "");
            if (NOT_KEPT.contains(name)) {
                i += name.equals("--save-result") && name.equals(argument) ? 1 : 0;
            } else {
                kept.add(argument);
            }
        }
        return String.join(" ", kept);
    }
}
