package io.penstock.serving.output;

/**
 * Reads one quoted text, a code point at a time: single or double quotes, one or three of them, Python's escapes. An
 * escape that is not known keeps its backslash; one with bad digits is malformed.
 */
final class TextReader {
    private enum State { OPENED, MAYBE_TRIPLE, INSIDE, MAYBE_CLOSING, ESCAPE, DIGITS }

    private final StringBuilder text = new StringBuilder();
    private State state;
    private int quote;
    private boolean triple;
    private int closingQuotes;
    private int digitsLeft;
    private int escaped;

    static boolean isQuote(int c) {
        return c == '\'' || c == '"';
    }

    /** Begins behind an opening {@code quote}. */
    void begin(int quote) {
        this.quote = quote;
        text.setLength(0);
        triple = false;
        state = State.OPENED;
    }

    /** The unescaped text, after {@link Step#DONE} or {@link Step#DONE_BEFORE}. */
    String text() {
        return text.toString();
    }

    Step accept(int c) {
        return switch (state) {
            case OPENED -> {
                state = c == quote ? State.MAYBE_TRIPLE : State.INSIDE;
                yield c == quote ? Step.MORE : inside(c);
            }
            case MAYBE_TRIPLE -> {
                triple = c == quote;
                state = State.INSIDE;
                yield triple ? Step.MORE : Step.DONE_BEFORE;
            }
            case INSIDE -> inside(c);
            case MAYBE_CLOSING -> closing(c);
            case ESCAPE -> escape(c);
            case DIGITS -> digit(c);
        };
    }

    private Step inside(int c) {
        if (c == quote) {
            if (!triple) {
                return Step.DONE;
            }
            closingQuotes = 1;
            state = State.MAYBE_CLOSING;
        } else if (c == '\\') {
            state = State.ESCAPE;
        } else {
            text.appendCodePoint(c);
        }
        return Step.MORE;
    }

    private Step closing(int c) {
        if (c == quote) {
            closingQuotes++;
            return closingQuotes == 3 ? Step.DONE : Step.MORE;
        }
        text.repeat(quote, closingQuotes);
        state = State.INSIDE;
        return inside(c);
    }

    private Step escape(int c) {
        state = State.INSIDE;
        switch (c) {
            case 'n' -> text.append('\n');
            case 'r' -> text.append('\r');
            case 't' -> text.append('\t');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'v' -> text.append('\u000b');
            case 'a' -> text.append('\u0007');
            case '\\', '\'', '"' -> text.append((char) c);
            case 'x' -> beginDigits(2);
            case 'u' -> beginDigits(4);
            case 'U' -> beginDigits(8);
            default -> text.append('\\').appendCodePoint(c);
        }
        return Step.MORE;
    }

    private void beginDigits(int count) {
        digitsLeft = count;
        escaped = 0;
        state = State.DIGITS;
    }

    private Step digit(int c) {
        int digit = c < 128 ? Character.digit(c, 16) : -1;
        if (digit < 0 || escaped > Character.MAX_CODE_POINT >> 4) {
            return Step.MALFORMED;
        }
        escaped = escaped << 4 | digit;
        digitsLeft--;
        if (digitsLeft == 0) {
            if (!Character.isValidCodePoint(escaped)) {
                return Step.MALFORMED;
            }
            text.appendCodePoint(escaped);
            state = State.INSIDE;
        }
        return Step.MORE;
    }
}
