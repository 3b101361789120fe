package io.penstock.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** The command line that a result came from, without secrets and without where the result went. */
final class CommandText {
    private static final List<String> LEFT_OUT = List.of("--api-key", "--header", "--save-result", "--result-dir",
            "--result-filename");

    private CommandText() {}

    /** {@code ./penstock bench serve --num-prompts 64}. */
    static String of(CommandSpec spec) {
        List<String> words = new ArrayList<>();
        words.add("./" + spec.qualifiedName());
        boolean isLeftOut = false;
        for (String word : spec.commandLine().getParseResult().originalArgs()) {
            if (word.startsWith("--")) {
                isLeftOut = LEFT_OUT.contains(word.split("=", 2)[0]);
            }
            boolean isCommand = words.size() == 1 && !word.startsWith("-");
            if (!isLeftOut && !isCommand) {
                words.add(word.matches("[\\w./:@%+,=-]+") ? word : "'" + word.replace("'", "'\\''") + "'");
            }
        }
        return String.join(" ", words);
    }
}
