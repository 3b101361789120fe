package io.penstock.runtime.jinja;

import java.util.Arrays;

/** Puts a {@link Text} together. */
public final class TextBuilder {
    /** A rendered prompt may have this many chars; a template that runs away ends here. */
    static final int MAX_LENGTH = 1 << 28;

    private final StringBuilder chars = new StringBuilder();
    private byte[] origins = new byte[64];

    /** Appends what the template itself writes. */
    public TextBuilder append(String templateText) {
        return append(templateText, Text.TEMPLATE);
    }

    /** Appends characters of one origin. */
    public TextBuilder append(String text, byte origin) {
        int from = chars.length();
        grow(text.length());
        chars.append(text);
        Arrays.fill(origins, from, chars.length(), origin);
        return this;
    }

    /** Appends a text with its origins. */
    public TextBuilder append(Text text) {
        int from = chars.length();
        grow(text.length());
        chars.append(text.value());
        text.copyOrigins(origins, from);
        return this;
    }

    private void grow(int more) {
        int length = chars.length() + more;
        if (length < 0 || length > MAX_LENGTH) {
            throw new JinjaException("the text would be longer than " + MAX_LENGTH + " characters");
        }
        if (length > origins.length) {
            origins = Arrays.copyOf(origins, Math.max(length, origins.length * 2));
        }
    }

    /** Whether nothing has been appended. */
    public boolean isEmpty() {
        return chars.isEmpty();
    }

    /** The text so far. */
    public Text build() {
        return Text.of(chars.toString(), Arrays.copyOf(origins, chars.length()));
    }
}
