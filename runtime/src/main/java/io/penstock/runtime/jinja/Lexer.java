package io.penstock.runtime.jinja;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into tokens by Jinja's rules for white space, with {@code trim_blocks} and {@code lstrip_blocks} on
 * as in chat templates: a newline behind a block and blanks before it on its line are dropped.
 */
final class Lexer {
    enum Kind { DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, NAME, STRING, NUMBER, OPERATOR, END }

    /** {@code value} is the text, or the {@link Number} of a literal. */
    record Token(Kind kind, Object value, int line) {
        boolean is(String operatorOrName) {
            return (kind == Kind.OPERATOR || kind == Kind.NAME) && value.equals(operatorOrName);
        }

        String text() {
            return value.toString();
        }
    }

    private static final String[] OPERATORS = {"**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
        "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"};

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private boolean lineStarting = true;

    Lexer(String template) {
        String text = template.replace("\r\n", "\n").replace('\r', '\n');
        source = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    List<Token> tokens() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                data(source.substring(at));
                moveTo(source.length());
            } else {
                tag(tag);
            }
        }
        tokens.add(new Token(Kind.END, "end of template", line));
        return tokens;
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char next = source.charAt(i + 1);
            if (next == '{' || next == '%' || next == '#') {
                return i;
            }
        }
        return -1;
    }

    private void tag(int start) {
        char kind = source.charAt(start + 1);
        char sign = start + 2 < source.length() ? source.charAt(start + 2) : ' ';
        String before = source.substring(at, start);
        if (sign == '-') {
            before = stripRight(before);
        } else if (sign != '+' && kind != '{') {
            before = withoutIndent(before);
        }
        data(before);
        moveTo(start + (sign == '-' || sign == '+' ? 3 : 2));
        switch (kind) {
            case '#' -> comment();
            case '{' -> expression(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END, "}}");
            default -> {
                if (!raw()) {
                    expression(Kind.BLOCK_BEGIN, Kind.BLOCK_END, "%}");
                }
            }
        }
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.DATA, text, line));
        }
    }

    private String withoutIndent(String before) {
        int lineStart = before.lastIndexOf('\n') + 1;
        boolean blank = before.substring(lineStart).codePoints().allMatch(Text::isSpace);
        return blank && (lineStart > 0 || lineStarting) ? before.substring(0, lineStart) : before;
    }

    private static String stripRight(String text) {
        return Text.of(text).strip(null, false, true).value();
    }

    private void moveTo(int position) {
        for (int i = at; i < position; i++) {
            if (source.charAt(i) == '\n') {
                line++;
            }
        }
        if (position > at) {
            lineStarting = source.charAt(position - 1) == '\n';
        }
        at = position;
    }

    private void comment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw JinjaException.at(line, "a comment has no end");
        }
        boolean strips = end > at && source.charAt(end - 1) == '-';
        moveTo(end + 2);
        afterBlock(strips, end > 0 && source.charAt(end - 1) == '+');
    }

    private void afterBlock(boolean strips, boolean keeps) {
        if (strips) {
            skipSpace();
        } else if (!keeps && at < source.length() && source.charAt(at) == '\n') {
            moveTo(at + 1);
        }
    }

    private void skipSpace() {
        int end = at;
        while (end < source.length() && Text.isSpace(source.charAt(end))) {
            end++;
        }
        moveTo(end);
    }

    /** {@code {% raw %}}: all up to {@code {% endraw %}} is data. */
    private boolean raw() {
        int[] open = keywordTag(at, "raw");
        if (open == null) {
            return false;
        }
        moveTo(open[0]);
        afterBlock(open[1] == '-', open[1] == '+');
        for (int i = source.indexOf("{%", at); i >= 0; i = source.indexOf("{%", i + 2)) {
            char sign = i + 2 < source.length() ? source.charAt(i + 2) : ' ';
            int[] close = keywordTag(i + (sign == '-' || sign == '+' ? 3 : 2), "endraw");
            if (close != null) {
                String text = source.substring(at, i);
                data(sign == '-' ? stripRight(text) : sign == '+' ? text : withoutIndent(text));
                moveTo(close[0]);
                afterBlock(close[1] == '-', close[1] == '+');
                return true;
            }
        }
        throw JinjaException.at(line, "'raw' has no end");
    }

    /** Where a tag that is only this word ends, and the sign before its end; null for another tag. */
    private int[] keywordTag(int from, String word) {
        int i = from;
        while (i < source.length() && Text.isSpace(source.charAt(i))) {
            i++;
        }
        if (!source.startsWith(word, i)) {
            return null;
        }
        i += word.length();
        while (i < source.length() && Text.isSpace(source.charAt(i))) {
            i++;
        }
        char sign = i < source.length() ? source.charAt(i) : ' ';
        if (sign == '-' || sign == '+') {
            i++;
        }
        return source.startsWith("%}", i) ? new int[] {i + 2, sign} : null;
    }

    private void expression(Kind begin, Kind end, String close) {
        tokens.add(new Token(begin, close, line));
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            skipSpace();
            if (at >= source.length()) {
                throw JinjaException.at(line, "a tag has no end, " + close + " is missing");
            }
            if (open.isEmpty()) {
                char sign = source.charAt(at);
                boolean signed = (sign == '-' || sign == '+' && begin == Kind.BLOCK_BEGIN)
                    && source.startsWith(close, at + 1);
                if (signed || source.startsWith(close, at)) {
                    tokens.add(new Token(end, close, line));
                    moveTo(at + (signed ? 3 : 2));
                    if (begin == Kind.BLOCK_BEGIN) {
                        afterBlock(sign == '-', sign == '+');
                    } else if (signed) {
                        skipSpace();
                    }
                    return;
                }
            }
            token(open);
        }
    }

    private void token(Deque<Character> open) {
        char c = source.charAt(at);
        if (c == '\'' || c == '"') {
            string(c);
        } else if (c >= '0' && c <= '9') {
            number();
        } else if (Character.isUnicodeIdentifierStart(c) || c == '_') {
            int end = at;
            while (end < source.length() && Character.isUnicodeIdentifierPart(source.charAt(end))) {
                end++;
            }
            add(Kind.NAME, source.substring(at, end), end);
        } else {
            operator(open);
        }
    }

    private void operator(Deque<Character> open) {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                char c = operator.charAt(0);
                if ("([{".indexOf(c) >= 0) {
                    open.push(c);
                } else if (")]}".indexOf(c) >= 0 && (open.isEmpty() || ")]}".indexOf(c) != "([{".indexOf(open.pop()))) {
                    throw JinjaException.at(line, "unexpected '" + c + "'");
                }
                add(Kind.OPERATOR, operator, at + operator.length());
                return;
            }
        }
        throw JinjaException.at(line, "unexpected character '" + Character.toString(source.codePointAt(at)) + "'");
    }

    private void add(Kind kind, Object value, int end) {
        tokens.add(new Token(kind, value, line));
        moveTo(end);
    }

    private void number() {
        int end = at;
        boolean isFloat = false;
        while (end < source.length()) {
            char c = source.charAt(end);
            boolean fraction = c == '.' && !isFloat && end + 1 < source.length()
                && Character.isDigit(source.charAt(end + 1));
            boolean exponent = (c == 'e' || c == 'E') && end + 1 < source.length()
                && (Character.isDigit(source.charAt(end + 1)) || "+-".indexOf(source.charAt(end + 1)) >= 0);
            if (fraction || exponent) {
                isFloat = true;
                end += exponent ? 2 : 1;
            } else if (Character.isDigit(c) || c == '_') {
                end++;
            } else {
                break;
            }
        }
        String digits = source.substring(at, end).replace("_", "");
        add(Kind.NUMBER, isFloat ? (Number) Double.valueOf(digits) : Values.integer(new BigInteger(digits)), end);
    }

    private void string(char quote) {
        StringBuilder text = new StringBuilder();
        int i = at + 1;
        while (i < source.length() && source.charAt(i) != quote) {
            char c = source.charAt(i++);
            if (c == '\\' && i < source.length()) {
                i = escape(i, text);
            } else {
                text.append(c);
            }
        }
        if (i >= source.length()) {
            throw JinjaException.at(line, "a string has no end");
        }
        add(Kind.STRING, text.toString(), i + 1);
    }

    /** Python's escapes; one that is unknown keeps its backslash. */
    private int escape(int at, StringBuilder text) {
        char c = source.charAt(at);
        int simple = "ntrbfav0\\'\"\n".indexOf(c);
        if (simple >= 0) {
            text.append(c == '\n' ? "" : String.valueOf("\n\t\r\b\f\u0007\u000B\0\\'\"".charAt(simple)));
            return at + 1;
        }
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (digits == 0) {
            text.append('\\').append(c);
            return at + 1;
        }
        try {
            text.appendCodePoint(Integer.parseInt(source.substring(at + 1, at + 1 + digits), 16));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw JinjaException.at(line, "a \\" + c + " in a string needs " + digits + " hexadecimal digits");
        }
        return at + 1 + digits;
    }
}
