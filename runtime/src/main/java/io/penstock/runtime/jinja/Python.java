package io.penstock.runtime.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Map;

/** Python's spellings of values: {@code str}, {@code repr} and {@code json.dumps}; and its truth. */
public final class Python {
    private static final String COMMA = ", ";

    private Python() {
    }

    /** {@code str(value)}; a text as it is, undefined as nothing. */
    public static Text str(Object value) {
        return switch (value) {
            case Text text -> text;
            case Undefined _ -> Text.EMPTY;
            default -> Text.derived(repr(value), value);
        };
    }

    static String repr(Object value) {
        StringBuilder out = new StringBuilder();
        repr(value, out);
        return out.toString();
    }

    private static void repr(Object value, StringBuilder out) {
        switch (value) {
            case Text text -> quote(text.value(), out);
            case Boolean b -> out.append(b ? "True" : "False");
            case Double number -> out.append(floating(number));
            case None _ -> out.append("None");
            case List<?> list -> {
                boolean tuple = list instanceof Tuple;
                out.append(tuple ? '(' : '[');
                for (int i = 0; i < list.size(); i++) {
                    out.append(i == 0 ? "" : COMMA);
                    repr(list.get(i), out);
                }
                out.append(tuple ? list.size() == 1 ? ",)" : ")" : "]");
            }
            case Map<?, ?> map -> {
                out.append('{');
                String separator = "";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(separator);
                    repr(entry.getKey(), out);
                    out.append(": ");
                    repr(entry.getValue(), out);
                    separator = COMMA;
                }
                out.append('}');
            }
            case Undefined _ -> out.append("Undefined");
            case Number number -> out.append(number);
            default -> throw new JinjaException("an object cannot be written as text");
        }
    }

    private static void quote(String text, StringBuilder out) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        out.append(c < 0x100 ? String.format("\\x%02x", c) : c < 0x10000 ? String.format("\\u%04x", c)
                            : String.format("\\U%08x", c));
                    }
                }
            }
        });
        out.append(quote);
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** {@code repr} of a float: the shortest digits that give it back, with an exponent below 1e-4 and from 1e16 on. */
    static String floating(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = shortest(Math.abs(value));
        String digits = decimal.unscaledValue().toString();
        int exponent = digits.length() - 1 - decimal.scale();
        StringBuilder out = new StringBuilder(value < 0 ? "-" : "");
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.toPlainString();
            return out.append(plain).append(plain.indexOf('.') < 0 ? ".0" : "").toString();
        }
        out.append(digits.charAt(0));
        if (digits.length() > 1) {
            out.append('.').append(digits, 1, digits.length());
        }
        out.append('e').append(exponent < 0 ? '-' : '+').append(Math.abs(exponent) < 10 ? "0" : "");
        return out.append(Math.abs(exponent)).toString();
    }

    /** Java writes two digits where one is enough only for subnormal numbers. */
    private static BigDecimal shortest(double value) {
        BigDecimal oneDigit = new BigDecimal(value).round(new MathContext(1));
        return oneDigit.doubleValue() == value ? oneDigit.stripTrailingZeros()
            : new BigDecimal(Double.toString(value)).stripTrailingZeros();
    }

    /** {@code bool(value)}; null, which stands for a value that is not there, is false. */
    public static boolean truth(Object value) {
        return value != null && Values.truth(value);
    }

    /** {@code json.dumps(value, ensure_ascii=False)} in one line. */
    public static Text json(Object value) {
        return json(value, JsonLayout.ONE_LINE);
    }

    /** How {@code json.dumps} lays a value out. {@code indent} below 0 is one line. */
    record JsonLayout(String itemSeparator, String keySeparator, int indent, boolean sortsKeys) {
        static final JsonLayout ONE_LINE = new JsonLayout(COMMA, ": ", -1, false);
    }

    /** {@code json.dumps(value, ensure_ascii=False)} of a value. */
    static Text json(Object value, JsonLayout layout) {
        StringBuilder out = new StringBuilder();
        json(value, layout, 0, out);
        return Text.derived(out.toString(), value);
    }

    private static void json(Object value, JsonLayout layout, int depth, StringBuilder out) {
        switch (value) {
            case Text text -> jsonString(text.value(), out);
            case Boolean b -> out.append(b);
            case None _ -> out.append("null");
            case Double number -> out.append(number.isNaN() ? "NaN" : number.isInfinite()
                ? number > 0 ? "Infinity" : "-Infinity" : floating(number));
            case Number number -> out.append(number);
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    separate(i, layout, depth + 1, out);
                    json(list.get(i), layout, depth + 1, out);
                }
                close(list.isEmpty(), layout, depth, out).append(']');
            }
            case Map<?, ?> map -> {
                out.append('{');
                int i = 0;
                for (Object key : layout.sortsKeys() ? map.keySet().stream().sorted(Values::compare).toList()
                    : map.keySet()) {
                    separate(i++, layout, depth + 1, out);
                    jsonString(Python.str(key).value(), out);
                    out.append(layout.keySeparator());
                    json(map.get(key), layout, depth + 1, out);
                }
                close(map.isEmpty(), layout, depth, out).append('}');
            }
            default -> throw new JinjaException(Values.typeName(value) + " cannot be written as JSON");
        }
    }

    private static void separate(int index, JsonLayout layout, int depth, StringBuilder out) {
        if (layout.indent() >= 0) {
            out.append(index == 0 ? "" : layout.itemSeparator().stripTrailing());
            out.append('\n').repeat(' ', layout.indent() * depth);
        } else if (index > 0) {
            out.append(layout.itemSeparator());
        }
    }

    private static StringBuilder close(boolean empty, JsonLayout layout, int depth, StringBuilder out) {
        return layout.indent() < 0 || empty ? out : out.append('\n').repeat(' ', layout.indent() * depth);
    }

    /** A JSON string in which only quotes, backslashes and controls below U+0020 are escaped. */
    private static void jsonString(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
