package io.penstock.serving.output;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns Python's ways to write a number into JSON's, on the text: no digit is lost, whatever the size. */
final class Numbers {
    /** Possessive, so that a long run of digits is neither tried twice nor recursed into. */
    private static final Pattern NUMBER =
            Pattern.compile("([+-]?)(?:([0-9]++)(?:(\\.)([0-9]*+))?|\\.([0-9]++))([eE][+-]?[0-9]++)?");

    private Numbers() {}

    static boolean mayHold(int c) {
        return c >= '0' && c <= '9' || c == '.' || c == '+' || c == '-' || c == 'e' || c == 'E';
    }

    /** The same value as JSON, or null where {@code text} is no number. An integer stays one, -0 becomes 0. */
    static String json(CharSequence text) {
        Matcher m = NUMBER.matcher(text);
        if (!m.matches()) {
            return null;
        }
        String whole = m.group(2) == null ? "0" : withoutLeadingZeros(m.group(2));
        boolean integer = m.group(3) == null && m.group(5) == null && m.group(6) == null;
        String sign = m.group(1).equals("-") && !(integer && whole.equals("0")) ? "-" : "";
        if (integer) {
            return sign + whole;
        }
        String fraction = m.group(5) != null ? m.group(5) : m.group(4);
        String dot = fraction == null ? "" : "." + (fraction.isEmpty() ? "0" : fraction);
        String exponent = m.group(6) == null ? "" : m.group(6);
        return sign + whole + dot + exponent;
    }

    private static String withoutLeadingZeros(String digits) {
        int first = 0;
        while (first < digits.length() - 1 && digits.charAt(first) == '0') {
            first++;
        }
        return digits.substring(first);
    }
}
