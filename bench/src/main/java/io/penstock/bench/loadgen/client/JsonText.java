package io.penstock.bench.loadgen.client;

import io.penstock.bench.loadgen.Bytes;
import java.nio.charset.StandardCharsets;

/** JSON strings as bytes. */
final class JsonText {
    private static final int ESCAPED_UNIT = 6;

    private JsonText() {}

    /** Appends what the inside of a JSON string means, in UTF-8. */
    static void unescape(byte[] json, int from, int to, Bytes out) {
        int plain = from;
        int at = from;
        while (at < to) {
            if (json[at] != '\\') {
                at++;
                continue;
            }
            out.add(json, plain, at);
            at = escape(json, at, to, out);
            plain = at;
        }
        out.add(json, plain, to);
    }

    private static int escape(byte[] json, int at, int to, Bytes out) {
        if (at + 1 >= to) {
            throw new IllegalArgumentException("a text ends in an escape");
        }
        switch (json[at + 1]) {
            case 'n' -> out.add((byte) '\n');
            case 't' -> out.add((byte) '\t');
            case 'r' -> out.add((byte) '\r');
            case 'b' -> out.add((byte) '\b');
            case 'f' -> out.add((byte) '\f');
            case 'u' -> {
                return units(json, at, to, out);
            }
            default -> out.add(json[at + 1]);
        }
        return at + 2;
    }

    /** One escaped unit of UTF-16, or two that belong together. */
    private static int units(byte[] json, int at, int to, Bytes out) {
        char first = unit(json, at, to);
        int next = at + ESCAPED_UNIT;
        String text = String.valueOf(first);
        if (Character.isHighSurrogate(first) && next + ESCAPED_UNIT <= to && json[next] == '\\'
                && json[next + 1] == 'u') {
            text += unit(json, next, to);
            next += ESCAPED_UNIT;
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.add(utf8, 0, utf8.length);
        return next;
    }

    private static char unit(byte[] json, int at, int to) {
        if (at + ESCAPED_UNIT > to) {
            throw new IllegalArgumentException("an escape in a text is cut off");
        }
        int unit = 0;
        for (int i = 2; i < ESCAPED_UNIT; i++) {
            int digit = Character.digit(json[at + i], 16);
            if (digit < 0) {
                throw new IllegalArgumentException("an escape in a text is not hexadecimal");
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }
}
