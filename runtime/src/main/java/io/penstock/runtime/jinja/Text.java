package io.penstock.runtime.jinja;

import java.util.Arrays;

/**
 * A string that knows where its characters come from: 0 is the template, other origins are the caller's, the lower the
 * more to be distrusted. Equality is that of the strings. Immutable.
 */
public final class Text {
    /** Written by the template itself. */
    public static final byte TEMPLATE = 0;

    static final Text EMPTY = of("", TEMPLATE);

    private final String value;
    private final byte[] origins;

    private Text(String value, byte[] origins) {
        this.value = value;
        this.origins = origins;
    }

    static Text of(String value) {
        return new Text(value, null);
    }

    /** A string all of whose characters have one origin. */
    public static Text of(String value, byte origin) {
        if (origin == TEMPLATE || value.isEmpty()) {
            return new Text(value, null);
        }
        byte[] origins = new byte[value.length()];
        Arrays.fill(origins, origin);
        return new Text(value, origins);
    }

    static Text of(String value, byte[] origins) {
        assert origins.length == value.length() : origins.length + " origins of " + value.length() + " chars";
        return new Text(value, origins);
    }

    /** A string computed from values in a way that loses positions: it has the least trusted of their origins. */
    static Text derived(String value, Object... inputs) {
        byte origin = TEMPLATE;
        for (Object input : inputs) {
            origin = lessTrusted(origin, Values.origin(input));
        }
        return of(value, origin);
    }

    static byte lessTrusted(byte a, byte b) {
        return a == TEMPLATE ? b : b == TEMPLATE || a < b ? a : b;
    }

    /** The string. */
    public String value() {
        return value;
    }

    /** The number of chars, as in {@link String#length}. */
    public int length() {
        return value.length();
    }

    /** The origin of a char. */
    public byte origin(int index) {
        return origins == null ? TEMPLATE : origins[index];
    }

    void copyOrigins(byte[] to, int at) {
        if (origins == null) {
            Arrays.fill(to, at, at + value.length(), TEMPLATE);
        } else {
            System.arraycopy(origins, 0, to, at, origins.length);
        }
    }

    /** The character at an index of code points. */
    Text character(int index) {
        int from = value.offsetByCodePoints(0, index);
        return slice(from, value.offsetByCodePoints(from, 1));
    }

    byte leastTrusted() {
        byte origin = TEMPLATE;
        for (int i = 0; origins != null && i < origins.length && origin != 1; i++) {
            origin = lessTrusted(origin, origins[i]);
        }
        return origin;
    }

    /** The chars of {@code [from, to)}. */
    public Text slice(int from, int to) {
        return new Text(value.substring(from, to), origins == null ? null : Arrays.copyOfRange(origins, from, to));
    }

    Text concat(Text other) {
        return new TextBuilder().append(this).append(other).build();
    }

    /** The part between the ends that Python's {@code strip} leaves. */
    public Text strip() {
        return strip(null, true, true);
    }

    /** Without the characters of {@code chars} (null: Python's white space) at the chosen ends. */
    Text strip(String chars, boolean left, boolean right) {
        int from = 0;
        int to = value.length();
        while (left && from < to && isStripped(value.codePointAt(from), chars)) {
            from += Character.charCount(value.codePointAt(from));
        }
        while (right && to > from && isStripped(value.codePointBefore(to), chars)) {
            to -= Character.charCount(value.codePointBefore(to));
        }
        return slice(from, to);
    }

    private static boolean isStripped(int codePoint, String chars) {
        return chars == null ? isSpace(codePoint) : chars.indexOf(codePoint) >= 0;
    }

    /** What Python's {@code str.isspace} says. */
    static boolean isSpace(int c) {
        return c >= 0x09 && c <= 0x0D || c >= 0x1C && c <= 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
            || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Text text && text.value.equals(value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return value;
    }
}
