package io.penstock.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What holds for every text file that a person writes. A violation is {@code file:line: what it is; what to do}. */
final class TextRules {
    static final int MAX_LINE_LENGTH = 120;
    static final int MAX_JAVA_LINES = 500;
    static final int MAX_CUDA_LINES = 400;

    private static final Set<String> WRITTEN = Set.of(
            "java", "md", "xml", "cu", "cuh", "proto", "properties", "yml", "yaml", "sh", "scala", "sql", "penstock",
            "run", "editorconfig", "gitignore");

    private static final Set<String> DATA = Set.of("goldens/", "models/", "demo-data/");

    // Put together from halves, so that this file keeps its own rules.
    private static final Pattern MARKER = Pattern.compile("\\b(FIX" + "ME|TO" + "DO|XX" + "X)\\b");
    private static final Pattern FOREIGN = Pattern.compile("/wo" + "rk/|\\.\\./sha" + "red\\b|repo1?\\.ma" + "ven\\."
            + "|deb\\.deb" + "ian\\.org|\\bpy" + "pi\\.org|registry\\.np" + "mjs|\\bcrates\\.i" + "o\\b"
            + "|proxy\\.go" + "lang");

    private TextRules() {}

    static boolean concern(String file) {
        String name = file.substring(file.lastIndexOf('/') + 1);
        return WRITTEN.contains(name.substring(name.lastIndexOf('.') + 1))
                && (DATA.stream().noneMatch(file::startsWith) || name.endsWith(".md"));
    }

    static List<String> violations(String file, String text) {
        List<String> violations = new ArrayList<>();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            line(file, i + 1, lines[i], violations);
        }
        if (!text.isEmpty() && (!text.endsWith("\n") || text.endsWith("\n\n"))) {
            violations.add(file + ":" + lines.length + ": the file must end with exactly one line feed");
        }
        numLines(file, lines.length - 1, violations);
        return violations;
    }

    private static void line(String file, int number, String line, List<String> violations) {
        String at = file + ":" + number + ": ";
        if (line.codePointCount(0, line.length()) > MAX_LINE_LENGTH && !file.endsWith(".md")) {
            violations.add(at + "longer than " + MAX_LINE_LENGTH + " characters; break it");
        }
        if (line.indexOf('\t') >= 0) {
            violations.add(at + "a tab; indent with spaces, and write \\t in a string");
        }
        if (line.endsWith(" ") || line.endsWith("\r")) {
            violations.add(at + "white space at the end of the line; remove it");
        }
        Matcher marker = MARKER.matcher(line);
        if (marker.find()) {
            violations.add(at + marker.group() + "; do it now, or leave it out");
        }
        Matcher foreign = FOREIGN.matcher(line);
        if (foreign.find()) {
            violations.add(at + "'" + foreign.group() + "' is a place outside the project; use a path relative to the"
                    + " repository's root, or a tool's own configuration");
        }
    }

    private static void numLines(String file, int numLines, List<String> violations) {
        boolean cuda = file.endsWith(".cu") || file.endsWith(".cuh");
        int most = cuda ? MAX_CUDA_LINES : MAX_JAVA_LINES;
        if ((cuda || file.endsWith(".java")) && numLines > most) {
            violations.add(file + ": " + numLines + " lines, more than " + most + "; split it by responsibility");
        }
    }
}
