package io.penstock.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Python's methods of strings. Those that cut or join keep the origin of each character. */
final class StringMethods {
    private static final Set<String> KNOWN = Set.of("strip", "lstrip", "rstrip", "startswith", "endswith", "split",
        "rsplit", "splitlines", "upper", "lower", "title", "capitalize", "replace", "find", "rfind", "index", "count",
        "join", "removeprefix", "removesuffix", "isdigit", "isnumeric", "isalpha", "isalnum", "isspace", "isupper",
        "islower", "partition", "rpartition", "zfill", "ljust", "rjust", "center", "format");

    private StringMethods() {
    }

    static boolean isKnown(String name) {
        return KNOWN.contains(name);
    }

    static Object call(Text text, Call call) {
        String value = text.value();
        return switch (call.function()) {
            case "strip" -> text.strip(call.text(0, "chars", null), true, true);
            case "lstrip" -> text.strip(call.text(0, "chars", null), true, false);
            case "rstrip" -> text.strip(call.text(0, "chars", null), false, true);
            case "startswith" -> anyOf(call).stream().anyMatch(value::startsWith);
            case "endswith" -> anyOf(call).stream().anyMatch(value::endsWith);
            case "split" -> split(text, call, false);
            case "rsplit" -> split(text, call, true);
            case "splitlines" -> lines(text, call.flag(0, "keepends", false));
            case "upper" -> Text.derived(value.toUpperCase(Locale.ROOT), text);
            case "lower" -> Text.derived(value.toLowerCase(Locale.ROOT), text);
            case "title" -> Text.derived(title(value), text);
            case "capitalize" -> Text.derived(capitalize(value), text);
            case "replace" -> replace(text, call.text(0, "old"), call.text(1, "new"), call.integer(2, "count", -1));
            case "find" -> position(value, value.indexOf(call.text(0, "sub").value()));
            case "rfind" -> position(value, value.lastIndexOf(call.text(0, "sub").value()));
            case "index" -> {
                int found = value.indexOf(call.text(0, "sub").value());
                if (found < 0) {
                    throw new JinjaException("'index' finds no such part in the string");
                }
                yield position(value, found);
            }
            case "count" -> count(value, call.text(0, "sub").value());
            case "join" -> join(text, Values.items(call.required(0, "iterable")));
            case "removeprefix" -> {
                String prefix = call.text(0, "prefix").value();
                yield value.startsWith(prefix) ? text.slice(prefix.length(), text.length()) : text;
            }
            case "removesuffix" -> {
                String suffix = call.text(0, "suffix").value();
                yield value.endsWith(suffix) ? text.slice(0, text.length() - suffix.length()) : text;
            }
            case "partition", "rpartition" -> partition(text, call);
            case "format" -> format(text, call);
            case "zfill", "ljust", "rjust", "center" -> pad(text, call);
            default -> isAll(value, call.function());
        };
    }

    private static List<String> anyOf(Call call) {
        if (call.required(0, "prefix") instanceof List<?> several) {
            return several.stream().map(one -> Python.str(one).value()).toList();
        }
        return List.of(call.text(0, "prefix").value());
    }

    private static Object split(Text text, Call call, boolean fromRight) {
        String separator = call.text(0, "sep", null);
        long limit = call.integer(1, "maxsplit", -1);
        if (separator != null && separator.isEmpty()) {
            throw new JinjaException("'" + call.function() + "' needs a separator that is not empty");
        }
        List<Object> parts = new ArrayList<>();
        String value = text.value();
        if (separator == null) {
            splitAtSpace(text, limit, fromRight, parts);
        } else if (fromRight) {
            int end = value.length();
            for (int i = value.lastIndexOf(separator); i >= 0 && parts.size() != limit; ) {
                parts.addFirst(text.slice(i + separator.length(), end));
                end = i;
                i = i < separator.length() ? -1 : value.lastIndexOf(separator, i - separator.length());
            }
            parts.addFirst(text.slice(0, end));
        } else {
            int start = 0;
            int found = value.indexOf(separator);
            while (found >= 0 && parts.size() != limit) {
                parts.add(text.slice(start, found));
                start = found + separator.length();
                found = value.indexOf(separator, start);
            }
            parts.add(text.slice(start, value.length()));
        }
        return parts;
    }

    private static void splitAtSpace(Text text, long limit, boolean fromRight, List<Object> parts) {
        Text rest = text.strip();
        while (rest.length() > 0) {
            String value = rest.value();
            int cut = -1;
            for (int i = 0; i < value.length() && (fromRight || cut < 0); i++) {
                cut = Text.isSpace(value.charAt(i)) ? i : cut;
            }
            if (cut < 0 || parts.size() == limit) {
                parts.add(fromRight ? 0 : parts.size(), rest);
                return;
            }
            if (fromRight) {
                parts.addFirst(rest.slice(cut + 1, rest.length()));
                rest = rest.slice(0, cut).strip(null, false, true);
            } else {
                parts.add(rest.slice(0, cut));
                rest = rest.slice(cut, rest.length()).strip(null, true, false);
            }
        }
    }

    static List<Object> lines(Text text, boolean keepsEnds) {
        List<Object> lines = new ArrayList<>();
        String value = text.value();
        int start = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean isEnd = c >= 0x0A && c <= 0x0D || c >= 0x1C && c <= 0x1E || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (isEnd) {
                int next = c == '\r' && value.startsWith("\n", i + 1) ? i + 2 : i + 1;
                lines.add(text.slice(start, keepsEnds ? next : i));
                start = next;
                i = next - 1;
            }
        }
        if (start < value.length()) {
            lines.add(text.slice(start, value.length()));
        }
        return lines;
    }

    static Text replace(Text text, Text old, Text by, long count) {
        TextBuilder out = new TextBuilder();
        String value = text.value();
        int done = 0;
        int search = 0;
        for (long n = 0; n != count; n++) {
            int found = value.indexOf(old.value(), search);
            if (found < 0 || search > value.length()) {
                break;
            }
            out.append(text.slice(done, found)).append(by);
            done = found + old.length();
            search = old.length() == 0 ? found + 1 : done;
        }
        return out.append(text.slice(done, value.length())).build();
    }

    static Text join(Text separator, List<Object> items) {
        TextBuilder out = new TextBuilder();
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                out.append(separator);
            }
            out.append(Python.str(items.get(i)));
        }
        return out.build();
    }

    static String capitalize(String value) {
        if (value.isEmpty()) {
            return value;
        }
        int first = value.offsetByCodePoints(0, 1);
        return value.substring(0, first).toUpperCase(Locale.ROOT) + value.substring(first).toLowerCase(Locale.ROOT);
    }

    static String title(String value) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int c : value.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }

    private static long position(String value, int index) {
        return index < 0 ? -1 : value.codePointCount(0, index);
    }

    private static long count(String value, String part) {
        if (part.isEmpty()) {
            return value.codePointCount(0, value.length()) + 1L;
        }
        long count = 0;
        for (int i = value.indexOf(part); i >= 0; i = value.indexOf(part, i + part.length())) {
            count++;
        }
        return count;
    }

    private static Object partition(Text text, Call call) {
        String separator = call.text(0, "sep").value();
        boolean last = call.function().equals("rpartition");
        int found = last ? text.value().lastIndexOf(separator) : text.value().indexOf(separator);
        if (found < 0) {
            return new Tuple(last ? List.of(Text.EMPTY, Text.EMPTY, text) : List.of(text, Text.EMPTY, Text.EMPTY));
        }
        int end = found + separator.length();
        return new Tuple(List.of(text.slice(0, found), text.slice(found, end), text.slice(end, text.length())));
    }

    private static Text pad(Text text, Call call) {
        long missing = Math.min(call.integer(0, "width", 0), 1 << 16) - Values.length(text);
        if (missing <= 0) {
            return text;
        }
        boolean zeros = call.function().equals("zfill");
        String fill = zeros ? "0" : call.text(1, "fillchar", " ");
        long left = switch (call.function()) {
            case "ljust" -> 0;
            case "center" -> missing / 2;
            default -> missing;
        };
        int sign = zeros && text.length() > 0 && "+-".indexOf(text.value().charAt(0)) >= 0 ? 1 : 0;
        return new TextBuilder().append(text.slice(0, sign)).append(fill.repeat((int) left))
            .append(text.slice(sign, text.length())).append(fill.repeat((int) (missing - left))).build();
    }

    /** {@code {}}, {@code {0}} and {@code {name}}; other format specifications are refused. */
    private static Text format(Text text, Call call) {
        TextBuilder out = new TextBuilder();
        String value = text.value();
        int next = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c == '{' || c == '}') && value.startsWith(String.valueOf(c), i + 1)) {
                out.append(text.slice(i, ++i));
            } else if (c == '{') {
                int end = value.indexOf('}', i);
                String field = end < 0 ? "!" : value.substring(i + 1, end);
                if (!field.matches("\\w*")) {
                    throw new JinjaException("'format' supports only {}, {0} and {name}");
                }
                boolean numbered = field.matches("\\d*");
                int index = field.isEmpty() ? next++ : numbered ? Integer.parseInt(field) : Integer.MAX_VALUE;
                out.append(Python.str(call.required(index, field)));
                i = end;
            } else {
                out.append(text.slice(i, i + 1));
            }
        }
        return out.build();
    }

    /** {@code format % values} with {@code %s}, {@code %d} and {@code %%}. */
    static Text percent(Text format, Object values) {
        List<?> arguments = values instanceof Tuple tuple ? tuple : List.of(values);
        TextBuilder out = new TextBuilder();
        String value = format.value();
        int next = 0;
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) != '%') {
                out.append(format.slice(i, i + 1));
                continue;
            }
            char kind = ++i < value.length() ? value.charAt(i) : ' ';
            if (kind == '%') {
                out.append(format.slice(i, i + 1));
            } else if ((kind == 's' || kind == 'd') && next < arguments.size()) {
                out.append(Python.str(arguments.get(next++)));
            } else {
                throw new JinjaException("'%' supports only %s and %d, each with its value");
            }
        }
        return out.build();
    }

    private static boolean isAll(String value, String method) {
        if (method.equals("isupper") || method.equals("islower")) {
            boolean upper = method.equals("isupper");
            String same = upper ? value.toUpperCase(Locale.ROOT) : value.toLowerCase(Locale.ROOT);
            return value.equals(same) && value.codePoints().anyMatch(Character::isLetter);
        }
        return !value.isEmpty() && value.codePoints().allMatch(c -> switch (method) {
            case "isdigit" -> Character.isDigit(c);
            case "isnumeric" -> Character.getType(c) >= Character.DECIMAL_DIGIT_NUMBER
                && Character.getType(c) <= Character.OTHER_NUMBER;
            case "isalpha" -> Character.isLetter(c);
            case "isspace" -> Text.isSpace(c);
            default -> Character.isLetterOrDigit(c);
        });
    }
}
