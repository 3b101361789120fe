package io.penstock.runtime.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The pre-tokenizer: cuts a text into the words inside which pairs merge, by the expressions that the file gives. */
final class WordSplitter {
    /** One {@code Split}: matches are words, and so is what lies between them, unless it is dropped. */
    record Split(Pattern pattern, boolean keepsGaps) {
    }

    /** Takes {@code text[start, end)} as a word. */
    interface WordSink {
        void word(int start, int end);
    }

    /** \p and \s by Unicode, lines end at \n only: as the expressions of tokenizer files are meant. */
    private static final int DIALECT = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES | Pattern.MULTILINE;

    /** Bracket classes, "possessive" counts, and options and escapes that the two dialects read differently. */
    private static final Pattern OTHER_MEANING =
        Pattern.compile("\\[:\\^?[a-z]+:]|\\{\\d*,?\\d*}\\+|\\(\\?-?[a-z]*[mx]|\\\\[hHKgyYO]");

    private final List<Split> splits;

    WordSplitter(List<Split> splits) {
        this.splits = List.copyOf(splits);
    }

    /**
     * Compiles an expression in the dialect of tokenizer files.
     *
     * @throws IllegalArgumentException if it has a construct that Java lacks or reads differently
     */
    static Pattern compile(String regex) {
        Matcher other = OTHER_MEANING.matcher(regex);
        if (other.find()) {
            throw new IllegalArgumentException("'" + other.group() + "' has another meaning in Java");
        }
        try {
            return Pattern.compile(regex, DIALECT);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(e.getDescription() + " near index " + e.getIndex(), e);
        }
    }

    /** The splits applied to one text; belongs to one thread. */
    final class Cursor {
        private final List<Matcher> matchers = new ArrayList<>();
        private final WordSink sink;

        Cursor(String text, WordSink sink) {
            this.sink = sink;
            splits.forEach(split -> matchers.add(split.pattern().matcher(text)));
        }

        void split(int start, int end) {
            split(0, start, end);
        }

        private void split(int level, int start, int end) {
            if (start == end) {
                return;
            }
            if (level == matchers.size()) {
                sink.word(start, end);
                return;
            }
            boolean keepsGaps = splits.get(level).keepsGaps();
            Matcher matcher = matchers.get(level).region(start, end);
            int done = start;
            while (done < end && matcher.find()) {
                if (matcher.end() > matcher.start()) {
                    if (keepsGaps) {
                        split(level + 1, done, matcher.start());
                    }
                    split(level + 1, matcher.start(), matcher.end());
                    done = matcher.end();
                }
            }
            if (keepsGaps) {
                split(level + 1, done, end);
            }
        }
    }
}
