package io.penstock.runtime.jinja;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A parsed template. Globals are {@code namespace}, {@code dict}, {@code range}, {@code raise_exception} and
 * {@code strftime_now}, which takes its time from whoever renders. Immutable; may be rendered by several threads at
 * once.
 */
public final class JinjaTemplate {
    private static final int MAX_RANGE = 100_000;

    private final List<Statement> statements;

    private JinjaTemplate(List<Statement> statements) {
        this.statements = statements;
    }

    /**
     * Parses a template.
     *
     * @throws JinjaException if it is not well formed or uses a tag, filter or test that is not supported
     */
    public static JinjaTemplate parse(String template) {
        try {
            return new JinjaTemplate(new TemplateParser(template).template());
        } catch (StackOverflowError e) {
            throw new JinjaException("the template is nested too deeply");
        }
    }

    /**
     * Renders the template.
     *
     * @param variables values by name: {@link Text}, Boolean, Long, BigInteger, Double, List, Map with Text keys, or
     *     {@link #none()}
     * @param now the time that {@code strftime_now} tells
     * @throws JinjaException if the template fails on these values or raises an exception itself
     */
    public Text render(Map<String, Object> variables, Supplier<LocalDateTime> now) {
        Scope globals = new Scope(null);
        globals.set("namespace", (Callable) (positional, named) -> {
            Namespace namespace = new Namespace(new HashMap<>(named));
            for (Object initial : positional) {
                if (initial instanceof Map<?, ?> map) {
                    map.forEach((key, value) -> namespace.attributes().put(Python.str(key).value(), value));
                }
            }
            return namespace;
        });
        globals.set("dict", (Callable) (positional, named) -> {
            Map<Object, Object> dict = new LinkedHashMap<>();
            positional.forEach(initial -> dict.putAll((Map<?, ?>) initial));
            named.forEach((key, value) -> dict.put(Text.of(key), value));
            return dict;
        });
        globals.set("range", (Callable) (positional, named) -> range(new Call("range", positional, named)));
        globals.set("raise_exception", (Callable) (positional, named) -> {
            Call call = new Call("raise_exception", positional, named);
            throw JinjaException.raised(Python.str(call.required(0, "message")).value());
        });
        globals.set("strftime_now", (Callable) (positional, named) ->
            Text.of(strftime(now.get(), new Call("strftime_now", positional, named).text(0, "format").value())));
        Scope scope = new Scope(globals);
        variables.forEach(scope::set);
        TextBuilder out = new TextBuilder();
        try {
            new Interpreter().run(statements, scope, out);
        } catch (StackOverflowError e) {
            throw new JinjaException("the values or the calls of the template are nested too deeply");
        }
        return out.build();
    }

    /** The value that JSON's {@code null} is. */
    public static Object none() {
        return None.NONE;
    }

    private static List<Object> range(Call call) {
        boolean one = call.positional().size() == 1;
        long start = one ? 0 : call.integer(0, "start", 0);
        long stop = call.integer(one ? 0 : 1, "stop", 0);
        long step = call.integer(2, "step", 1);
        if (step == 0 || Math.abs((stop - start) / step) > MAX_RANGE) {
            throw new JinjaException("'range' needs a step that is not 0 and at most " + MAX_RANGE + " items");
        }
        List<Object> range = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            range.add(i);
        }
        return range;
    }

    private static String strftime(LocalDateTime now, String format) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            boolean padded = format.charAt(++i) != '-' || i + 1 == format.length();
            char field = format.charAt(padded ? i : ++i);
            out.append(dateField(now, field, padded));
        }
        return out.toString();
    }

    private static String dateField(LocalDateTime now, char field, boolean padded) {
        String two = padded ? "%02d" : "%d";
        return switch (field) {
            case 'Y' -> String.valueOf(now.getYear());
            case 'y' -> String.format(two, now.getYear() % 100);
            case 'm' -> String.format(two, now.getMonthValue());
            case 'd' -> String.format(two, now.getDayOfMonth());
            case 'e' -> String.format("%2d", now.getDayOfMonth());
            case 'H' -> String.format(two, now.getHour());
            case 'I' -> String.format(two, (now.getHour() + 11) % 12 + 1);
            case 'M' -> String.format(two, now.getMinute());
            case 'S' -> String.format(two, now.getSecond());
            case 'j' -> String.format(padded ? "%03d" : "%d", now.getDayOfYear());
            case 'p' -> now.getHour() < 12 ? "AM" : "PM";
            case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'F' -> now.toLocalDate().toString();
            case 'T' -> String.format("%02d:%02d:%02d", now.getHour(), now.getMinute(), now.getSecond());
            case '%' -> "%";
            default -> throw new JinjaException("'strftime_now' does not know %" + field);
        };
    }
}
