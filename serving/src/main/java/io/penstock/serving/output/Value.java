package io.penstock.serving.output;

import java.util.List;
import java.util.Map;

/** An argument's value, kept so that nothing of it is lost: numbers as text, keys in order. */
sealed interface Value {
    /** A number or constant, as valid JSON text. */
    record Scalar(String json) implements Value {}

    /** Text, unescaped. */
    record Text(String text) implements Value {}

    record Items(List<Value> items) implements Value {}

    /** For a repeated key the last value counts, in the place of the first. */
    record Members(Map<String, Value> members) implements Value {}

    /** Appends the value as JSON without white space. Recursive: the readers bound the depth. */
    default void appendTo(StringBuilder out) {
        switch (this) {
            case Scalar s -> out.append(s.json());
            case Text t -> quote(t.text(), out);
            case Items list -> {
                out.append('[');
                String separator = "";
                for (Value item : list.items()) {
                    out.append(separator);
                    item.appendTo(out);
                    separator = ",";
                }
                out.append(']');
            }
            case Members dict -> {
                out.append('{');
                String separator = "";
                for (Map.Entry<String, Value> member : dict.members().entrySet()) {
                    out.append(separator);
                    quote(member.getKey(), out);
                    out.append(':');
                    member.getValue().appendTo(out);
                    separator = ",";
                }
                out.append('}');
            }
        }
    }

    /** Half a surrogate pair is written as an escape: as a character it would not survive UTF-8. */
    private static void quote(String text, StringBuilder out) {
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
                    if (c < ' ' || isHalf(text, i)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isHalf(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }
}
