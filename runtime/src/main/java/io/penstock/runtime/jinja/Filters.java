package io.penstock.runtime.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What may stand behind {@code |}. */
final class Filters {
    private static final Set<String> KNOWN = Set.of("trim", "length", "count", "tojson", "string", "lower", "upper",
        "title", "capitalize", "join", "replace", "default", "d", "first", "last", "list", "items", "dictsort", "map",
        "select", "reject", "selectattr", "rejectattr", "sort", "unique", "reverse", "int", "float", "abs", "round",
        "indent", "safe", "escape", "e", "min", "max", "sum", "attr", "batch", "wordcount");

    /** Longer integers are not read, as in Python. */
    private static final int MAX_DIGITS = 4300;

    private Filters() {
    }

    static boolean isKnown(String name) {
        return KNOWN.contains(name);
    }

    static Object apply(Object value, Call call) {
        return switch (call.function()) {
            case "trim" -> Python.str(value).strip(call.text(0, "chars", null), true, true);
            case "length", "count" -> Values.length(value);
            case "tojson" -> toJson(value, call);
            case "string", "safe" -> Python.str(value);
            case "title" -> Text.derived(title(Python.str(value).value()), value);
            case "lower", "upper", "capitalize" -> StringMethods.call(Python.str(value), call);
            case "join" -> join(value, call);
            case "replace" -> StringMethods.replace(Python.str(value), Python.str(call.required(0, "old")),
                Python.str(call.required(1, "new")), call.integer(2, "count", -1));
            case "default", "d" -> {
                Object otherwise = call.optional(0, "default_value");
                boolean missing = value instanceof Undefined || call.flag(1, "boolean", false) && !Values.truth(value);
                yield missing ? otherwise == null ? Text.EMPTY : otherwise : value;
            }
            case "first", "last" -> {
                List<Object> items = Values.items(value);
                yield items.isEmpty() ? Undefined.of("the " + call.function() + " item of nothing")
                    : call.function().equals("first") ? items.getFirst() : items.getLast();
            }
            case "list" -> Values.items(value);
            case "items" -> value instanceof Undefined ? List.of() : Methods.pairs(mapping(value, call));
            case "reverse" -> reverse(value);
            case "int" -> toInteger(value, call);
            case "float" -> toFloat(value, call);
            case "abs" -> Values.compare(value, 0L) < 0 ? Values.negative(value) : value;
            case "round" -> round(value, call);
            case "indent" -> indent(Python.str(value), call);
            case "escape", "e" -> Text.derived(escape(Python.str(value).value()), value);
            case "sum" -> sum(value, call);
            case "attr" -> Methods.attribute(value, call.text(0, "name").value());
            case "batch" -> batch(value, call);
            case "wordcount" -> (long) ((List<?>) StringMethods.call(Python.str(value),
                new Call("split", List.of(), Map.of()))).size();
            default -> ofItems(value, call);
        };
    }

    private static Object ofItems(Object value, Call call) {
        return switch (call.function()) {
            case "dictsort" -> dictSort(value, call);
            case "map" -> map(value, call);
            case "select", "reject", "selectattr", "rejectattr" -> select(value, call);
            case "unique" -> unique(value, call);
            case "sort" -> {
                List<Object> sorted = Values.items(value);
                Comparator<Object> order = order(call, 1, call.optional(2, "attribute"));
                sorted.sort(call.flag(0, "reverse", false) ? order.reversed() : order);
                yield sorted;
            }
            default -> {
                List<Object> items = Values.items(value);
                Comparator<Object> order = order(call, 0, call.optional(1, "attribute"));
                yield items.isEmpty() ? Undefined.of("the " + call.function() + " of nothing")
                    : items.stream().reduce((a, b) -> order.compare(a, b) <= 0 == call.function().equals("min") ? a : b)
                        .orElseThrow();
            }
        };
    }

    private static Map<?, ?> mapping(Object value, Call call) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new JinjaException("'" + call.function() + "' needs a mapping, not " + Values.typeName(value));
    }

    private static Text toJson(Object value, Call call) {
        Object separators = call.optional(2, "separators");
        Object indent = call.optional(1, "indent");
        boolean lines = indent != null && !(indent instanceof None);
        String item = ", ";
        String key = ": ";
        if (separators instanceof List<?> pair && pair.size() == 2) {
            item = Python.str(pair.get(0)).value();
            key = Python.str(pair.get(1)).value();
        }
        int width = lines ? Math.clamp(call.integer(1, "indent", 0), 0, 64) : -1;
        return Python.json(value, new Python.JsonLayout(item, key, width, call.flag(3, "sort_keys", false)));
    }

    private static Text join(Object value, Call call) {
        Object attribute = call.optional(1, "attribute");
        List<Object> items = Values.items(value);
        if (attribute != null) {
            items.replaceAll(item -> path(item, attribute));
        }
        Object separator = call.optional(0, "d");
        return StringMethods.join(separator == null ? Text.EMPTY : Python.str(separator), items);
    }

    /** {@code a.b.0} of a value. */
    private static Object path(Object value, Object attribute) {
        Object at = value;
        if (!(attribute instanceof Text text)) {
            return Values.item(at, attribute);
        }
        for (String name : text.value().split("\\.")) {
            at = name.matches("\\d+") ? Values.item(at, Long.valueOf(name)) : Values.item(at, Text.of(name));
        }
        return at;
    }

    private static Object reverse(Object value) {
        List<Object> items = new ArrayList<>(Values.items(value)).reversed();
        return value instanceof Text ? StringMethods.join(Text.EMPTY, items) : new ArrayList<>(items);
    }

    private static Object toInteger(Object value, Call call) {
        Object otherwise = call.optional(0, "default");
        try {
            return switch (value) {
                case Boolean b -> b ? 1L : 0L;
                case Double number -> Values.integer(new BigDecimal(number).toBigInteger());
                case Number number -> number;
                case Text text -> {
                    String digits = text.strip().value().replace("_", "");
                    yield digits.length() <= MAX_DIGITS && digits.matches("[+-]?\\w+")
                        && isInteger(digits, call) ? Values.integer(new BigInteger(digits, base(call)))
                        : Values.integer(new BigDecimal(Double.parseDouble(digits)).toBigInteger());
                }
                default -> otherwise == null ? 0L : otherwise;
            };
        } catch (NumberFormatException e) {
            return otherwise == null ? 0L : otherwise;
        }
    }

    private static int base(Call call) {
        return Math.clamp(call.integer(1, "base", 10), Character.MIN_RADIX, Character.MAX_RADIX);
    }

    private static boolean isInteger(String digits, Call call) {
        String unsigned = digits.replaceFirst("^[+-]", "");
        return unsigned.chars().allMatch(c -> Character.digit(c, base(call)) >= 0);
    }

    private static Object toFloat(Object value, Call call) {
        Object otherwise = call.optional(0, "default");
        try {
            return switch (value) {
                case Boolean b -> b ? 1.0 : 0.0;
                case Number _ -> Values.toDouble(value);
                case Text text -> Double.valueOf(text.strip().value().replace("_", ""));
                default -> otherwise == null ? (Object) 0.0 : otherwise;
            };
        } catch (NumberFormatException e) {
            return otherwise == null ? (Object) 0.0 : otherwise;
        }
    }

    private static Object round(Object value, Call call) {
        if (!Values.isNumber(value)) {
            throw new JinjaException("'round' needs a number, not " + Values.typeName(value));
        }
        RoundingMode mode = switch (call.text(1, "method", "common")) {
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            default -> RoundingMode.HALF_EVEN;
        };
        int precision = Math.clamp(call.integer(0, "precision", 0), -400, 400);
        return new BigDecimal(Values.toDouble(value)).setScale(precision, mode).doubleValue();
    }

    private static Text indent(Text text, Call call) {
        Object width = call.optional(0, "width");
        String indentation = width instanceof Text given ? given.value()
            : " ".repeat(Math.clamp(call.integer(0, "width", 4), 0, 256));
        boolean first = call.flag(1, "first", false);
        boolean blank = call.flag(2, "blank", false);
        TextBuilder out = new TextBuilder();
        int start = 0;
        for (boolean isFirst = true; start <= text.length(); isFirst = false) {
            int newline = text.value().indexOf('\n', start);
            int end = newline < 0 ? text.length() : newline;
            if (isFirst ? first : blank || end > start) {
                out.append(indentation);
            }
            out.append(text.slice(start, newline < 0 ? end : end + 1));
            start = newline < 0 ? text.length() + 1 : end + 1;
        }
        return out.build();
    }

    /** Words begin behind white space, hyphens and opening brackets only, other than for the method. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        for (String word : text.splitWithDelimiters("(?U)[-\\s({\\[<]+", 0)) {
            out.append(StringMethods.capitalize(word));
        }
        return out.toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")
            .replace("\"", "&#34;");
    }

    private static Object sum(Object value, Call call) {
        Object attribute = call.optional(0, "attribute");
        Object sum = call.optional(1, "start") == null ? 0L : call.optional(1, "start");
        for (Object item : Values.items(value)) {
            sum = Values.arithmetic("+", sum, attribute == null ? item : path(item, attribute));
        }
        return sum;
    }

    private static Object batch(Object value, Call call) {
        int size = Math.clamp(call.integer(0, "linecount", 1), 1, Integer.MAX_VALUE);
        List<Object> batches = new ArrayList<>();
        List<Object> items = Values.items(value);
        for (int i = 0; i < items.size(); i += size) {
            batches.add(new ArrayList<>(items.subList(i, Math.min(items.size(), i + size))));
        }
        return batches;
    }

    private static Comparator<Object> order(Call call, int caseIndex, Object attribute) {
        boolean caseSensitive = call.flag(caseIndex, "case_sensitive", false);
        return (a, b) -> Values.compare(sortKey(attribute == null ? a : path(a, attribute), caseSensitive),
            sortKey(attribute == null ? b : path(b, attribute), caseSensitive));
    }

    private static Object sortKey(Object value, boolean caseSensitive) {
        return value instanceof Text text && !caseSensitive ? Text.of(text.value().toLowerCase(Locale.ROOT)) : value;
    }

    private static Object dictSort(Object value, Call call) {
        List<Object> pairs = Methods.pairs(mapping(value, call));
        int by = call.text(1, "by", "key").equals("value") ? 1 : 0;
        boolean caseSensitive = call.flag(0, "case_sensitive", false);
        Comparator<Object> order = (a, b) -> Values.compare(sortKey(((List<?>) a).get(by), caseSensitive),
            sortKey(((List<?>) b).get(by), caseSensitive));
        pairs.sort(call.flag(2, "reverse", false) ? order.reversed() : order);
        return pairs;
    }

    private static Object map(Object value, Call call) {
        List<Object> items = Values.items(value);
        Object attribute = call.named().get("attribute");
        if (attribute != null) {
            Object otherwise = call.named().get("default");
            items.replaceAll(item -> {
                Object found = path(item, attribute);
                return found instanceof Undefined && otherwise != null ? otherwise : found;
            });
            return items;
        }
        String filter = call.text(0, "filter").value();
        if (!isKnown(filter)) {
            throw new JinjaException("there is no filter '" + filter + "'");
        }
        Call inner = new Call(filter, call.positional().subList(1, call.positional().size()), call.named());
        items.replaceAll(item -> apply(item, inner));
        return items;
    }

    private static Object select(Object value, Call call) {
        boolean byAttribute = call.function().endsWith("attr");
        boolean keeps = call.function().startsWith("select");
        int first = byAttribute ? 1 : 0;
        List<Object> arguments = call.positional();
        String test = arguments.size() > first ? Python.str(arguments.get(first)).value() : null;
        if (test != null && !Tests.isKnown(test)) {
            throw new JinjaException("there is no test '" + test + "'");
        }
        List<Object> result = new ArrayList<>();
        for (Object item : Values.items(value)) {
            Object tested = byAttribute ? path(item, call.required(0, "attribute")) : item;
            boolean passes = test == null ? Values.truth(tested)
                : Tests.evaluate(test, tested, arguments.subList(first + 1, arguments.size()));
            if (passes == keeps) {
                result.add(item);
            }
        }
        return result;
    }

    private static Object unique(Object value, Call call) {
        Object attribute = call.optional(1, "attribute");
        boolean caseSensitive = call.flag(0, "case_sensitive", false);
        List<Object> seen = new ArrayList<>();
        List<Object> result = new ArrayList<>();
        for (Object item : Values.items(value)) {
            Object key = sortKey(attribute == null ? item : path(item, attribute), caseSensitive);
            if (!Values.contains(seen, key)) {
                seen.add(key);
                result.add(item);
            }
        }
        return result;
    }
}
