package io.penstock.runtime.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What values mean, by Python's rules. A value is a {@link Text}, a Boolean, a Long or (beyond its range) BigInteger, a
 * Double, a List ({@link Tuple} among them), a Map with Text keys, {@link None},
 * {@link Undefined}, {@link Namespace} or {@link Callable}.
 */
final class Values {
    private Values() {
    }

    /** The one representation of an integer: Long where it fits. */
    static Number integer(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Number) value.longValue() : value;
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case Text text -> text.length() > 0;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case None _, Undefined _ -> false;
            default -> true;
        };
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof BigInteger;
    }

    static boolean isNumber(Object value) {
        return isInteger(value) || value instanceof Double;
    }

    /** Whether arithmetic takes the value: a number, or a boolean, which counts as 0 or 1. */
    private static boolean isNumeric(Object value) {
        return isNumber(value) || value instanceof Boolean;
    }

    private static BigInteger bigInteger(Object value) {
        return switch (value) {
            case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
            case Long number -> BigInteger.valueOf(number);
            default -> (BigInteger) value;
        };
    }

    static double toDouble(Object value) {
        return value instanceof Double number ? number : bigInteger(value).doubleValue();
    }

    static boolean equal(Object a, Object b) {
        if (isNumeric(a) && isNumeric(b)) {
            boolean unordered = isNaN(a) || isNaN(b);
            return !unordered && compareNumbers(a, b) == 0;
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            boolean same = x.size() == y.size();
            for (int i = 0; same && i < x.size(); i++) {
                same = equal(x.get(i), y.get(i));
            }
            return same;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.size() == y.size() && x.entrySet().stream()
                .allMatch(entry -> y.containsKey(entry.getKey()) && equal(entry.getValue(), y.get(entry.getKey())));
        }
        return a instanceof Undefined && b instanceof Undefined || a.equals(b);
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double number && number.isNaN();
    }

    private static int compareNumbers(Object a, Object b) {
        boolean exact = !(a instanceof Double x && x.isInfinite()) && !(b instanceof Double y && y.isInfinite());
        return exact ? exact(a).compareTo(exact(b)) : Double.compare(toDouble(a), toDouble(b));
    }

    private static BigDecimal exact(Object value) {
        return value instanceof Double number ? new BigDecimal(number) : new BigDecimal(bigInteger(value));
    }

    /** Less, equal or greater; text by code points, lists by their first difference. */
    static int compare(Object a, Object b) {
        if (isNumeric(a) && isNumeric(b)) {
            return isNaN(a) || isNaN(b) ? 1 : compareNumbers(a, b);
        }
        if (a instanceof Text x && b instanceof Text y) {
            int[] left = x.value().codePoints().toArray();
            return Arrays.compare(left, y.value().codePoints().toArray());
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
                if (!equal(x.get(i), y.get(i))) {
                    return compare(x.get(i), y.get(i));
                }
            }
            return Integer.compare(x.size(), y.size());
        }
        throw new JinjaException(typeName(a) + " and " + typeName(b) + " have no order");
    }

    static boolean contains(Object container, Object value) {
        return switch (container) {
            case Text text when value instanceof Text part -> text.value().contains(part.value());
            case Map<?, ?> map -> map.containsKey(value);
            case List<?> list -> list.stream().anyMatch(item -> equal(item, value));
            case Undefined _ -> false;
            default -> throw new JinjaException(typeName(value) + " cannot be in " + typeName(container));
        };
    }

    static Object arithmetic(String operator, Object a, Object b) {
        if (operator.equals("~")) {
            return Python.str(a).concat(Python.str(b));
        }
        if (operator.equals("+") && a instanceof Text x && b instanceof Text y) {
            return x.concat(y);
        }
        if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
            List<Object> all = new ArrayList<>(x);
            all.addAll(y);
            return all;
        }
        if (operator.equals("*") && (a instanceof Text || a instanceof List<?>) && b instanceof Long times) {
            return repeated(a, times);
        }
        if (operator.equals("%") && a instanceof Text format) {
            return StringMethods.percent(format, b);
        }
        if (!isNumeric(a) || !isNumeric(b)) {
            for (Object operand : new Object[] {a, b}) {
                if (operand instanceof Undefined undefined) {
                    throw undefined.error();
                }
            }
            throw new JinjaException("'" + operator + "' is not defined for " + typeName(a) + " and " + typeName(b));
        }
        return a instanceof Double || b instanceof Double || operator.equals("/")
            ? floating(operator, toDouble(a), toDouble(b)) : integral(operator, bigInteger(a), bigInteger(b));
    }

    private static Object repeated(Object value, long times) {
        int length = value instanceof Text text ? text.length() : ((List<?>) value).size();
        if (times > 0 && length * (double) times > TextBuilder.MAX_LENGTH) {
            throw new JinjaException("a repetition would be longer than " + TextBuilder.MAX_LENGTH);
        }
        TextBuilder text = new TextBuilder();
        List<Object> list = new ArrayList<>();
        for (long i = 0; i < times && length > 0; i++) {
            if (value instanceof Text part) {
                text.append(part);
            } else {
                list.addAll((List<?>) value);
            }
        }
        return value instanceof Text ? text.build() : list;
    }

    private static Object floating(String operator, double a, double b) {
        if (b == 0 && "/%//".contains(operator)) {
            throw new JinjaException("division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            default -> Math.pow(a, b);
        };
    }

    private static Object integral(String operator, BigInteger a, BigInteger b) {
        if (b.signum() == 0 && "%//".contains(operator)) {
            throw new JinjaException("division by zero");
        }
        return switch (operator) {
            case "+" -> integer(a.add(b));
            case "-" -> integer(a.subtract(b));
            case "*" -> integer(a.multiply(b));
            case "//" -> integer(floorDivide(a, b));
            case "%" -> integer(a.subtract(floorDivide(a, b).multiply(b)));
            default -> {
                if (b.signum() < 0 || b.bitLength() > 16 || a.bitLength() * b.doubleValue() > 1 << 20) {
                    yield Math.pow(a.doubleValue(), b.doubleValue());
                }
                yield integer(a.pow(b.intValueExact()));
            }
        };
    }

    private static BigInteger floorDivide(BigInteger a, BigInteger b) {
        BigInteger[] parts = a.divideAndRemainder(b);
        boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
        return below ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    static Object negative(Object value) {
        if (value instanceof Double number) {
            return -number;
        }
        return arithmetic("-", 0L, value);
    }

    /** What a loop walks over: items, keys or characters. */
    static List<Object> items(Object value) {
        return switch (value) {
            case List<?> list -> new ArrayList<>(list);
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case Text text -> characters(text);
            case Undefined _ -> List.of();
            default -> throw new JinjaException("one cannot walk over " + typeName(value));
        };
    }

    static List<Object> characters(Text text) {
        List<Object> characters = new ArrayList<>();
        for (int i = 0; i < text.length(); ) {
            int end = text.value().offsetByCodePoints(i, 1);
            characters.add(text.slice(i, end));
            i = end;
        }
        return characters;
    }

    static long length(Object value) {
        return switch (value) {
            case Text text -> text.value().codePointCount(0, text.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Undefined _ -> 0;
            default -> throw new JinjaException(typeName(value) + " has no length");
        };
    }

    /** {@code target[key]}: an item, else an attribute of that name. */
    static Object item(Object target, Object key) {
        if (target instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (target instanceof Map<?, ?> map && map.containsKey(key)) {
            return map.get(key);
        }
        if ((target instanceof List<?> || target instanceof Text) && isInteger(key)) {
            long size = length(target);
            long index = bound(key, 0);
            long from = index < 0 ? index + size : index;
            if (from < 0 || from >= size) {
                return Undefined.of("item " + key);
            }
            return target instanceof Text text ? text.character((int) from) : ((List<?>) target).get((int) from);
        }
        return key instanceof Text name ? Methods.attribute(target, name.value()) : Undefined.of("item " + key);
    }

    /** {@code target.name}: an attribute, else an item of that name. */
    static Object attribute(Object target, String name) {
        if (target instanceof Undefined undefined) {
            throw undefined.error();
        }
        Object attribute = Methods.attribute(target, name);
        if (attribute instanceof Undefined && target instanceof Map<?, ?> map) {
            Object item = map.get(Text.of(name));
            return item == null ? attribute : item;
        }
        return attribute;
    }

    /** {@code target[start:stop:step]} with Python's negative and missing bounds; null is missing. */
    static Object slice(Object target, Object start, Object stop, Object step) {
        if (!(target instanceof Text) && !(target instanceof List<?>)) {
            throw target instanceof Undefined undefined ? undefined.error()
                : new JinjaException(typeName(target) + " cannot be sliced");
        }
        long stride = step == null ? 1 : bound(step, 1);
        if (stride == 0) {
            throw new JinjaException("a slice cannot have step 0");
        }
        int size = (int) length(target);
        boolean forward = stride > 0;
        boolean fromEnd = start == null || start instanceof None;
        boolean toEnd = stop == null || stop instanceof None;
        long from = fromEnd ? forward ? 0 : size - 1 : clip(bound(start, 0), size, forward);
        long to = toEnd ? forward ? size : -1 : clip(bound(stop, 0), size, forward);
        if (target instanceof Text text && stride == 1) {
            int begin = text.value().offsetByCodePoints(0, (int) from);
            return text.slice(begin, text.value().offsetByCodePoints(begin, (int) Math.max(0, to - from)));
        }
        List<Object> items = items(target);
        List<Object> result = new ArrayList<>();
        for (long i = from; forward ? i < to : i > to; i += stride) {
            result.add(items.get((int) i));
        }
        return target instanceof Text ? joined(result) : result;
    }

    private static long bound(Object value, long missing) {
        if (value instanceof None) {
            return missing;
        }
        if (!isInteger(value) && !(value instanceof Boolean)) {
            throw new JinjaException("slice bounds are integers, not " + typeName(value));
        }
        return bigInteger(value).max(BigInteger.valueOf(Integer.MIN_VALUE)).min(BigInteger.valueOf(Integer.MAX_VALUE))
            .longValue();
    }

    private static long clip(long bound, int size, boolean forward) {
        long index = bound < 0 ? bound + size : bound;
        return forward ? Math.clamp(index, 0, size) : Math.clamp(index, -1, size - 1);
    }

    private static Text joined(List<Object> texts) {
        TextBuilder joined = new TextBuilder();
        texts.forEach(text -> joined.append((Text) text));
        return joined.build();
    }

    /** The least trusted origin of the text in a value. */
    static byte origin(Object value) {
        byte origin = Text.TEMPLATE;
        switch (value) {
            case Text text -> origin = text.leastTrusted();
            case List<?> list -> {
                for (Object item : list) {
                    origin = Text.lessTrusted(origin, origin(item));
                }
            }
            case Map<?, ?> map -> {
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    byte both = Text.lessTrusted(origin(entry.getKey()), origin(entry.getValue()));
                    origin = Text.lessTrusted(origin, both);
                }
            }
            default -> { }
        }
        return origin;
    }

    static Map<Text, Object> newMap() {
        return new LinkedHashMap<>();
    }

    static String typeName(Object value) {
        return switch (value) {
            case Boolean _ -> "a boolean";
            case Text _ -> "a string";
            case Double _ -> "a float";
            case Number _ -> "an integer";
            case List<?> _ -> "a list";
            case Map<?, ?> _ -> "a mapping";
            case None _ -> "None";
            case Undefined undefined -> undefined.what() + ", which is undefined,";
            default -> "an object";
        };
    }
}
