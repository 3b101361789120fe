package io.penstock.runtime.jinja;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What may stand behind {@code is}. */
final class Tests {
    private static final Set<String> KNOWN = Set.of("defined", "undefined", "none", "string", "mapping", "iterable",
        "sequence", "number", "integer", "float", "boolean", "true", "false", "callable", "sameas", "eq", "equalto",
        "==", "ne", "!=", "lt", "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge", ">=", "in", "even", "odd",
        "divisibleby", "lower", "upper");

    private Tests() {
    }

    static boolean isKnown(String name) {
        return KNOWN.contains(name.equals("None") ? "none" : name.equals("True") ? "true"
            : name.equals("False") ? "false" : name);
    }

    static boolean evaluate(String name, Object value, List<Object> arguments) {
        Call call = new Call(name, arguments, Map.of());
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none", "None" -> value instanceof None;
            case "string" -> value instanceof Text;
            case "mapping" -> value instanceof Map<?, ?>;
            case "iterable" -> isSequence(value) || value instanceof Undefined;
            case "sequence" -> isSequence(value) || value instanceof Undefined;
            case "number" -> Values.isNumber(value) || value instanceof Boolean;
            case "integer" -> Values.isInteger(value);
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true", "True" -> Boolean.TRUE.equals(value);
            case "false", "False" -> Boolean.FALSE.equals(value);
            case "callable" -> value instanceof Callable;
            case "sameas" -> isSame(value, call.required(0, "other"));
            case "in" -> Values.contains(call.required(0, "seq"), value);
            case "even", "odd", "divisibleby" -> divides(name, value, call);
            case "lower" -> Python.str(value).value().equals(Python.str(value).value().toLowerCase(Locale.ROOT));
            case "upper" -> Python.str(value).value().equals(Python.str(value).value().toUpperCase(Locale.ROOT));
            default -> compares(name, value, call.required(0, "other"));
        };
    }

    private static boolean isSequence(Object value) {
        return value instanceof Text || value instanceof List<?> || value instanceof Map<?, ?>;
    }

    private static boolean isSame(Object a, Object b) {
        boolean byValue = !(a instanceof List<?> || a instanceof Map<?, ?>);
        return a == b || byValue && a.getClass() == b.getClass() && a.equals(b);
    }

    private static boolean divides(String name, Object value, Call call) {
        Object divisor = name.equals("divisibleby") ? call.required(0, "num") : (Object) 2L;
        boolean divides = Values.equal(Values.arithmetic("%", value, divisor), 0L);
        return name.equals("odd") != divides;
    }

    private static boolean compares(String test, Object a, Object b) {
        return compare(switch (test) {
            case "eq", "equalto" -> "==";
            case "ne" -> "!=";
            case "lt", "lessthan" -> "<";
            case "le" -> "<=";
            case "gt", "greaterthan" -> ">";
            case "ge" -> ">=";
            default -> test;
        }, a, b);
    }

    static boolean compare(String operator, Object a, Object b) {
        return switch (operator) {
            case "==" -> Values.equal(a, b);
            case "!=" -> !Values.equal(a, b);
            case "in" -> Values.contains(b, a);
            case "not in" -> !Values.contains(b, a);
            case "<" -> Values.compare(a, b) < 0;
            case "<=" -> Values.compare(a, b) <= 0 && !isNaN(a) && !isNaN(b);
            case ">" -> Values.compare(a, b) > 0 && !isNaN(a) && !isNaN(b);
            default -> Values.compare(a, b) >= 0 && !isNaN(a) && !isNaN(b);
        };
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double number && number.isNaN();
    }
}
