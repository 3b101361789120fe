package io.penstock.device.cuda;

import io.penstock.device.cuda.PtxCompilation.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The verbose log of the PTX compiler, the driver's or the static one: they write the same lines.
 *
 * @param entries in the order of the log
 * @param notes lines about what costs speed
 */
record CompilerLog(List<Entry> entries, List<String> notes) {
    private static final Pattern COMPILING = Pattern.compile("Compiling entry function '([^']+)'");
    private static final Pattern PROPERTIES = Pattern.compile("Function properties for (\\S+)");
    private static final Pattern STACK = Pattern.compile(
            "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
    private static final Pattern BARRIERS = Pattern.compile("used (\\d+) barriers");
    private static final Pattern SHARED = Pattern.compile("(\\d+)(?:\\+\\d+)? bytes smem");
    private static final Pattern PREFIX = Pattern.compile("^ptxas\\s+(\\w*)\\s*:?\\s*");
    private static final Pattern PERFORMANCE = Pattern.compile("\\(C7\\d{3}\\)|Potential Performance Loss");

    static CompilerLog parse(String log) {
        List<Entry> entries = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        String entry = "";
        String function = "";
        int[] stack = new int[3];
        for (String line : log.replace("\0", "").lines().toList()) {
            if (isNote(line)) {
                notes.add(PREFIX.matcher(line.strip()).replaceFirst(""));
            } else if (first(COMPILING, line) != null) {
                entry = first(COMPILING, line);
                stack = new int[3];
            } else if (first(PROPERTIES, line) != null) {
                function = first(PROPERTIES, line);
            } else if (first(STACK, line) != null) {
                int[] frame = stack(line);
                if (frame[1] + frame[2] > 0) {
                    notes.add(function + " spills registers: " + frame[1] + " bytes stored, " + frame[2] + " loaded");
                }
                stack = function.equals(entry) ? frame : stack;
            } else if (first(USED, line) != null) {
                entries.add(new Entry(entry, number(USED, line), stack[0], stack[1], stack[2], number(SHARED, line),
                        number(BARRIERS, line)));
            }
        }
        return new CompilerLog(entries, notes);
    }

    private static boolean isNote(String line) {
        boolean isWarning = line.startsWith("ptxas warning") && !line.contains("Registers are spilled");
        return isWarning || PERFORMANCE.matcher(line).find();
    }

    private static int[] stack(String line) {
        Matcher matcher = STACK.matcher(line);
        return matcher.find()
                ? new int[] {
                    Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)),
                    Integer.parseInt(matcher.group(3))
                }
                : new int[3];
    }

    private static String first(Pattern pattern, String line) {
        Matcher matcher = pattern.matcher(line);
        return matcher.find() ? matcher.group(1) : null;
    }

    private static int number(Pattern pattern, String line) {
        String found = first(pattern, line);
        return found == null ? 0 : Integer.parseInt(found);
    }
}
