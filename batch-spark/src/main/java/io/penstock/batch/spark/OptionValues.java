package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** The values of a transform's options, by type. */
final class OptionValues {
    private final Map<TransformOption, String> values = new EnumMap<>(TransformOption.class);

    /** @throws InputException if a name is none of an option's */
    OptionValues(Map<String, String> byName) {
        byName.forEach((name, value) -> values.put(TransformOption.named(name), value));
    }

    boolean has(TransformOption option) {
        return values.containsKey(option);
    }

    /** Null where it is not given. */
    String text(TransformOption option) {
        return values.get(option);
    }

    String text(TransformOption option, String absent) {
        return values.getOrDefault(option, absent);
    }

    boolean flag(TransformOption option, boolean absent) {
        return switch (values.getOrDefault(option, Boolean.toString(absent))) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(option, "true or false", null);
        };
    }

    /** Null where it is not given. */
    Integer integer(TransformOption option) {
        return parsed(option, "an integer", Integer::valueOf, null);
    }

    long longInteger(TransformOption option, long absent) {
        return parsed(option, "an integer of 64 bits", Long::valueOf, absent);
    }

    double number(TransformOption option, double absent) {
        return parsed(option, "a number", Double::valueOf, absent);
    }

    private <T> T parsed(TransformOption option, String type, Function<String, T> parse, T absent) {
        if (!has(option)) {
            return absent;
        }
        try {
            return parse.apply(values.get(option).strip());
        } catch (NumberFormatException e) {
            throw wrong(option, type, e);
        }
    }

    InputException wrong(TransformOption option, String type, Exception cause) {
        return new InputException(
                "option " + option.optionName() + " must be " + type + ", not '" + values.get(option) + "'", cause);
    }
}
