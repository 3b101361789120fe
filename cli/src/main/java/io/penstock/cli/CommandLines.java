package io.penstock.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** What was typed, as a result keeps it: the options that change what is measured. */
final class CommandLines {
    /** How it is printed. */
    private static final Set<String> FLAGS_NOT_KEPT = Set.of("--json", "--append-result", "--save-detailed",
            "--disable-tqdm");

    /** Where a result goes, and what is nobody else's business; with their values. */
    private static final Set<String> NOT_KEPT = Set.of("--save-result", "--output-json", "--result-dir",
            "--result-filename", "--api-key", "--header");

    private CommandLines() {}

    /** {@code ./penstock}, the command's names and its arguments, as a shell takes them. */
    static String of(CommandSpec spec) {
        List<String> kept = new ArrayList<>(List.of("./" + spec.qualifiedName()));
        List<String> typed = spec.commandLine().getParseResult().originalArgs();
        boolean isLeftOut = false;
        for (String argument : typed.subList(typed.lastIndexOf(spec.name()) + 1, typed.size())) {
            String name = argument.replaceFirst("=.*", "");
            if (FLAGS_NOT_KEPT.contains(name)) {
                continue;
            }
            isLeftOut = NOT_KEPT.contains(name) || isLeftOut && !argument.startsWith("-");
            if (!isLeftOut) {
                kept.add(quoted(argument));
            }
        }
        return String.join(" ", kept);
    }

    private static String quoted(String argument) {
        return argument.matches("[\\w./:@%+,=-]+") ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }
}
