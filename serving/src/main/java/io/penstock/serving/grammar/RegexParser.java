package io.penstock.serving.grammar;

import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what ECMAScript, Python, Java and Rust agree on of regular expressions: classes, groups, alternatives,
 * quantifiers, escapes, anchors at the ends. Where they differ in what a class holds, it holds what is in it for all of
 * them: {@code \w} is ASCII, and {@code \W} what is no word character even in Unicode.
 */
final class RegexParser {
    /** Groups within each other. */
    static final int MAX_DEPTH = 100;

    /** Characters of an expression. */
    static final int MAX_LENGTH = 1 << 14;

    /** Turns of a counted loop. */
    static final int MAX_REPEAT = 1_000_000;

    private static final CodePoints LINE_ENDS = CodePoints.of('\n', '\r', 0x85, 0x2028, 0x2029);
    private static final CodePoints DOT = LINE_ENDS.not();
    private static final CodePoints DIGITS = CodePoints.range('0', '9');
    private static final CodePoints WORD =
            DIGITS.or(CodePoints.range('a', 'z')).or(CodePoints.range('A', 'Z')).or(CodePoints.of('_'));
    private static final CodePoints BLANKS = CodePoints.of(' ', '\t', '\n', '\r', '\f');

    /** What is in a class for everybody, and what may be in it for somebody. */
    private record Sure(CodePoints narrow, CodePoints wide) {
        static Sure of(CodePoints set) {
            return new Sure(set, set);
        }

        static Sure union(List<Sure> parts) {
            List<CodePoints.Range> narrow = new ArrayList<>();
            List<CodePoints.Range> wide = new ArrayList<>();
            for (Sure part : parts) {
                narrow.addAll(part.narrow.ranges());
                wide.addAll(part.wide.ranges());
            }
            return new Sure(CodePoints.union(narrow), CodePoints.union(wide));
        }

        Sure not() {
            return new Sure(wide.not(), narrow.not());
        }
    }

    /** Classes of all of Unicode are found once. */
    private static final class Unicode {
        private static final Sure DIGIT = new Sure(DIGITS, CodePoints.where(Character::isDigit).or(CodePoints.where(
                c -> Character.getType(c) == Character.OTHER_NUMBER
                        || Character.getType(c) == Character.LETTER_NUMBER)));
        private static final Sure WORD_PART = new Sure(WORD, CodePoints.where(c -> Character.isLetterOrDigit(c)
                || Character.isAlphabetic(c) || isMarkOrNumber(Character.getType(c))));
        private static final Sure BLANK = new Sure(BLANKS, CodePoints.where(c -> Character.isWhitespace(c)
                || Character.isSpaceChar(c)).or(CodePoints.of(0x0B, 0x85, 0xFEFF, 0x180E)));
        private static final Sure NOT_DIGIT = DIGIT.not();
        private static final Sure NOT_WORD_PART = WORD_PART.not();
        private static final Sure NOT_BLANK = BLANK.not();

        private static boolean isMarkOrNumber(int type) {
            return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK
                    || type == Character.COMBINING_SPACING_MARK || type == Character.CONNECTOR_PUNCTUATION
                    || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER
                    || type == Character.FORMAT;
        }
    }

    private final int[] text;
    private int at;
    private int depth;

    private RegexParser(String text) {
        this.text = text.codePoints().toArray();
    }

    /** @throws InputException for what is malformed or not supported, naming it and its place */
    static Regex parse(String text) {
        if (text.length() > MAX_LENGTH) {
            throw new InputException("the regular expression has " + text.length() + " characters and may have "
                    + MAX_LENGTH + ": shorten it");
        }
        RegexParser parser = new RegexParser(text);
        Regex regex = parser.alternatives();
        if (parser.at < parser.text.length) {
            throw parser.wrong("')' closes no group");
        }
        return regex;
    }

    private InputException wrong(String what) {
        return new InputException("the regular expression is not usable at character " + (at + 1) + ": " + what);
    }

    private InputException unsupported(String construct) {
        return wrong(construct + " is not supported: rewrite the expression without");
    }

    private boolean has(int c) {
        return at < text.length && text[at] == c;
    }

    private boolean take(int c) {
        boolean has = has(c);
        at += has ? 1 : 0;
        return has;
    }

    private Regex alternatives() {
        List<Regex> parts = new ArrayList<>();
        do {
            parts.add(series());
        } while (take('|'));
        return parts.size() == 1 ? parts.getFirst() : new Regex.Either(parts);
    }

    private Regex series() {
        List<Regex> parts = new ArrayList<>();
        while (at < text.length && text[at] != '|' && text[at] != ')') {
            parts.add(quantified(atom()));
        }
        return parts.size() == 1 ? parts.getFirst() : new Regex.Series(parts);
    }

    private Regex atom() {
        int c = text[at++];
        switch (c) {
            case '(' -> {
                return group();
            }
            case '[' -> {
                return new Regex.One(characterClass());
            }
            case '.' -> {
                return new Regex.One(DOT);
            }
            case '^', '$' -> {
                return new Regex.Anchor(c == '$');
            }
            case '*', '+', '?' -> {
                at--;
                throw wrong("'" + Character.toString(c) + "' repeats nothing");
            }
            case '{' -> {
                at--;
                throw wrong("'{' repeats nothing; write \\{ for the character");
            }
            case '\\' -> {
                return new Regex.One(escape(false).narrow);
            }
            default -> {
                return new Regex.One(single(c));
            }
        }
    }

    private CodePoints single(int c) {
        if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
            at--;
            throw wrong("half of a surrogate pair is no character");
        }
        return CodePoints.of(c);
    }

    private Regex group() {
        depth++;
        if (depth > MAX_DEPTH) {
            throw wrong("groups are nested more than " + MAX_DEPTH + " deep");
        }
        if (take('?')) {
            groupKind();
        } else if (has('*')) {
            throw wrong("'*' repeats nothing");
        }
        Regex inside = alternatives();
        if (!take(')')) {
            throw wrong("a group is not closed: ')' is missing");
        }
        depth--;
        return inside instanceof Regex.Series ? new Regex.Either(List.of(inside)) : inside;
    }

    private void groupKind() {
        if (take(':')) {
            return;
        }
        take('P');
        if (has('=') && text[at - 1] != 'P' || has('!')) {
            throw unsupported("a lookahead (?" + Character.toString(text[at]));
        }
        if (!take('<')) {
            throw unsupported(at < text.length && text[at] == '>' ? "an atomic group (?>"
                    : "a group that begins with (?"
                    + (at < text.length ? Character.toString(text[at]) : ""));
        }
        if (has('=') || has('!')) {
            throw unsupported("a lookbehind (?<" + Character.toString(text[at]));
        }
        while (at < text.length && text[at] != '>') {
            at++;
        }
        if (!take('>')) {
            throw wrong("a group's name is not closed: '>' is missing");
        }
    }

    private Regex quantified(Regex atom) {
        if (at == text.length) {
            return atom;
        }
        int min;
        int max;
        switch (text[at]) {
            case '*' -> {
                min = 0;
                max = Regex.UNBOUNDED;
                at++;
            }
            case '+' -> {
                min = 1;
                max = Regex.UNBOUNDED;
                at++;
            }
            case '?' -> {
                min = 0;
                max = 1;
                at++;
            }
            case '{' -> {
                at++;
                min = count();
                max = take(',') ? has('}') ? Regex.UNBOUNDED : count() : min;
                if (!take('}')) {
                    throw wrong("'{' must be followed by counts like {2}, {2,} or {2,5}; write \\{ for the character");
                }
                if (max != Regex.UNBOUNDED && max < min) {
                    throw wrong("{" + min + "," + max + "} ends below its beginning");
                }
            }
            default -> {
                return atom;
            }
        }
        if (atom instanceof Regex.Anchor) {
            throw wrong("an anchor cannot be repeated");
        }
        take('?');
        if (has('+')) {
            throw unsupported("a possessive quantifier");
        }
        if (has('*') || has('?') || has('{')) {
            throw wrong("a quantifier follows a quantifier; put a group around the first");
        }
        return new Regex.Repeated(atom, min, max);
    }

    private int count() {
        int value = 0;
        int first = at;
        while (at < text.length && text[at] >= '0' && text[at] <= '9') {
            value = value * 10 + text[at++] - '0';
            if (value > MAX_REPEAT) {
                throw wrong("a count is larger than " + MAX_REPEAT);
            }
        }
        if (at == first) {
            throw wrong("'{' must be followed by counts like {2}, {2,} or {2,5}; write \\{ for the character");
        }
        return value;
    }

    private CodePoints characterClass() {
        boolean isNegated = take('^');
        List<Sure> parts = new ArrayList<>();
        if (has(']')) {
            throw wrong("a class is empty; write \\] for the character");
        }
        while (!has(']')) {
            if (at == text.length) {
                throw wrong("a class is not closed: ']' is missing");
            }
            if (has('[') && at + 1 < text.length && (text[at + 1] == ':' || text[at + 1] == '.')) {
                throw unsupported("a POSIX class [:");
            }
            if (has('&') && at + 1 < text.length && text[at + 1] == '&') {
                throw unsupported("an intersection of classes (&&)");
            }
            if (has('[')) {
                throw unsupported("a class within a class; write \\[ for the character");
            }
            parts.add(classPart());
        }
        at++;
        Sure set = Sure.union(parts);
        return isNegated ? set.not().narrow : set.narrow;
    }

    private Sure classPart() {
        Sure first = classAtom();
        boolean isRange = has('-') && at + 1 < text.length && text[at + 1] != ']';
        if (!isRange) {
            return first;
        }
        at++;
        Sure last = classAtom();
        if (!isOne(first.narrow) || !isOne(last.narrow)) {
            throw wrong("a range must go from one character to another");
        }
        int from = first.narrow.ranges().getFirst().from();
        int to = last.narrow.ranges().getFirst().from();
        if (to < from) {
            throw wrong("a range ends below its beginning");
        }
        return Sure.of(CodePoints.range(from, to));
    }

    private static boolean isOne(CodePoints set) {
        return set.ranges().size() == 1 && set.ranges().getFirst().from() == set.ranges().getFirst().to();
    }

    private Sure classAtom() {
        int c = text[at++];
        return c == '\\' ? escape(true) : Sure.of(single(c));
    }

    private Sure escape(boolean inClass) {
        if (at == text.length) {
            throw wrong("'\\' escapes nothing");
        }
        int c = text[at++];
        return switch (c) {
            case 'd' -> Unicode.DIGIT;
            case 'D' -> Unicode.NOT_DIGIT;
            case 'w' -> Unicode.WORD_PART;
            case 'W' -> Unicode.NOT_WORD_PART;
            case 's' -> Unicode.BLANK;
            case 'S' -> Unicode.NOT_BLANK;
            case 'n' -> Sure.of(CodePoints.of('\n'));
            case 'r' -> Sure.of(CodePoints.of('\r'));
            case 't' -> Sure.of(CodePoints.of('\t'));
            case 'f' -> Sure.of(CodePoints.of('\f'));
            case 'v' -> Sure.of(CodePoints.of(0x0B));
            case '0' -> Sure.of(CodePoints.of(0));
            case 'x' -> Sure.of(CodePoints.of(hex(2)));
            case 'u' -> Sure.of(single(take('{') ? braced() : hex(4)));
            case 'b' -> {
                at -= 2;
                throw unsupported(inClass ? "\\b in a class" : "a word boundary \\b");
            }
            default -> {
                boolean isPlain = c < 128 ? !Character.isLetterOrDigit(c) : true;
                if (!isPlain) {
                    at -= 2;
                    throw unsupported(Character.isDigit(c) ? "a reference to a group \\" + Character.toString(c)
                            : "the escape \\" + Character.toString(c));
                }
                yield Sure.of(single(c));
            }
        };
    }

    private int hex(int numDigits) {
        int value = 0;
        for (int i = 0; i < numDigits; i++) {
            int digit = at < text.length && text[at] < 128 ? Character.digit(text[at], 16) : -1;
            if (digit < 0) {
                throw wrong("an escape needs " + numDigits + " hexadecimal digits");
            }
            value = value << 4 | digit;
            at++;
        }
        return value;
    }

    private int braced() {
        int value = 0;
        int first = at;
        while (!has('}')) {
            value = value << 4 | hex(1);
            if (value > Character.MAX_CODE_POINT) {
                throw wrong("an escape is above the last code point");
            }
        }
        if (at == first) {
            throw wrong("an escape needs hexadecimal digits");
        }
        at++;
        return value;
    }
}
