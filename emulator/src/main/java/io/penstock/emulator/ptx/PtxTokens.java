package io.penstock.emulator.ptx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The words of a PTX text, without comments, and a place among them. */
final class PtxTokens {
    private static final String END = "end of the text";

    private final String source;
    private final List<String> words = new ArrayList<>();
    private int[] lines = new int[1024];
    private int next;

    PtxTokens(String source) {
        this.source = source;
        int line = 1;
        int at = 0;
        while (at < source.length()) {
            char c = source.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (Character.isWhitespace(c) || c == 0) {
                at++;
            } else if (source.startsWith("//", at)) {
                int end = source.indexOf('\n', at);
                at = end < 0 ? source.length() : end;
            } else if (source.startsWith("/*", at)) {
                int end = source.indexOf("*/", at);
                if (end < 0) {
                    throw PtxException.syntax(line, "a comment does not end");
                }
                line += (int) source.substring(at, end).chars().filter(each -> each == '\n').count();
                at = end + 2;
            } else {
                int end = end(at, line);
                add(source.substring(at, end), line);
                at = end;
            }
        }
        add(END, line);
    }

    private void add(String word, int line) {
        if (words.size() == lines.length) {
            lines = Arrays.copyOf(lines, 2 * lines.length);
        }
        lines[words.size()] = line;
        words.add(word);
    }

    private int end(int start, int line) {
        char first = source.charAt(start);
        if (first == '"') {
            int end = source.indexOf('"', start + 1);
            while (end > 0 && source.charAt(end - 1) == '\\') {
                end = source.indexOf('"', end + 1);
            }
            if (end < 0) {
                throw PtxException.syntax(line, "a string does not end");
            }
            return end + 1;
        }
        if (isPart(first) || first == '%' || first == '.') {
            int end = start + 1;
            while (end < source.length() && continues(start, end)) {
                end += source.startsWith("::", end) ? 2 : 1;
            }
            return end;
        }
        return start + 1;
    }

    private boolean continues(int start, int at) {
        char c = source.charAt(at);
        if (c == '.' && source.charAt(start) == '.') {
            return false;
        }
        if (isPart(c) || c == '.' || source.startsWith("::", at)) {
            return true;
        }
        // The exponent of a decimal float.
        char before = source.charAt(at - 1);
        return (c == '-' || c == '+') && (before == 'e' || before == 'E') && Character.isDigit(source.charAt(start))
                && source.substring(start, at).indexOf('.') > 0;
    }

    private static boolean isPart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$';
    }

    int position() {
        return next;
    }

    boolean atEnd() {
        return next == words.size() - 1;
    }

    int line() {
        return lines[next];
    }

    int lineAt(int position) {
        return lines[position];
    }

    String peek() {
        return words.get(next);
    }

    String peek(int ahead) {
        return words.get(Math.min(next + ahead, words.size() - 1));
    }

    String at(int position) {
        return words.get(position);
    }

    String take() {
        if (atEnd()) {
            throw PtxException.syntax(line(), "the text ends too early");
        }
        return words.get(next++);
    }

    /** A whole number. */
    long takeInteger() {
        int line = line();
        String word = take();
        try {
            return PtxNumbers.integer(word);
        } catch (NumberFormatException e) {
            throw PtxException.syntax(line, "'" + word + "' is no number");
        }
    }

    boolean takeIf(String word) {
        if (peek().equals(word)) {
            next++;
            return true;
        }
        return false;
    }

    void expect(String word) {
        if (!takeIf(word)) {
            throw PtxException.syntax(line(), "'" + word + "' expected, '" + peek() + "' found");
        }
    }

    /** Leaves out the rest of the line of the word taken last. */
    void skipLine() {
        int line = lines[next - 1];
        while (!atEnd() && lines[next] == line) {
            next++;
        }
    }

    void skipPast(String word) {
        while (!take().equals(word)) {
            continue;
        }
    }

    /** The position of the brace that closes the one before {@code position}. */
    int closingBrace(int position) {
        int depth = 1;
        for (int i = position; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("{")) {
                depth++;
            } else if (word.equals("}") && --depth == 0) {
                return i;
            }
        }
        throw PtxException.syntax(lines[position], "a brace is not closed");
    }
}
