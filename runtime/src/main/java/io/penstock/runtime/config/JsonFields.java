package io.penstock.runtime.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Typed values of a JSON object. A key whose value is null counts as absent; nothing is converted between types. */
final class JsonFields {
    private final ObjectNode object;
    private final String source;
    private final String prefix;

    JsonFields(ObjectNode object, String source) {
        this(object, source, "");
    }

    private JsonFields(ObjectNode object, String source, String prefix) {
        this.object = object;
        this.source = source;
        this.prefix = prefix;
    }

    ConfigException rejection(String reason, String detail) {
        return new ConfigException(reason, source + ": " + detail);
    }

    boolean has(String key) {
        return object.hasNonNull(key);
    }

    boolean isEmpty() {
        return object.isEmpty();
    }

    /** A value for a message. */
    String show(String key) {
        JsonNode value = object.get(key);
        return value == null ? "absent" : StrictJson.quote(value.isTextual() ? value.textValue() : value.toString());
    }

    int integer(String key) {
        require(key);
        return optionalInteger(key).getAsInt();
    }

    OptionalInt optionalInteger(String key) {
        return has(key) ? OptionalInt.of(toInt(key, object.get(key))) : OptionalInt.empty();
    }

    int positiveInteger(String key) {
        require(key);
        return optionalPositiveInteger(key).getAsInt();
    }

    OptionalInt optionalPositiveInteger(String key) {
        OptionalInt value = optionalInteger(key);
        if (value.isPresent() && value.getAsInt() < 1) {
            throw notPositive(key);
        }
        return value;
    }

    double positiveNumber(String key) {
        require(key);
        return optionalPositiveNumber(key).getAsDouble();
    }

    OptionalDouble optionalPositiveNumber(String key) {
        OptionalDouble value = optionalNumber(key);
        if (value.isPresent() && value.getAsDouble() <= 0) {
            throw notPositive(key);
        }
        return value;
    }

    OptionalDouble optionalNumber(String key) {
        if (!has(key)) {
            return OptionalDouble.empty();
        }
        JsonNode value = object.get(key);
        if (!value.isNumber()) {
            throw wrongType(key, "a number", value);
        }
        if (!Double.isFinite(value.doubleValue())) {
            throw tooLarge(key, value);
        }
        return OptionalDouble.of(value.doubleValue());
    }

    boolean bool(String key) {
        require(key);
        return optionalBool(key).get();
    }

    Optional<Boolean> optionalBool(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        JsonNode value = object.get(key);
        if (!value.isBoolean()) {
            throw wrongType(key, "true or false", value);
        }
        return Optional.of(value.booleanValue());
    }

    Optional<JsonFields> optionalObject(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!(object.get(key) instanceof ObjectNode value)) {
            throw wrongType(key, "an object", object.get(key));
        }
        return Optional.of(new JsonFields(value, source, prefix + key + "."));
    }

    Optional<List<Integer>> optionalIntegers(String key) {
        return optionalList(key).map(values -> {
            var integers = new ArrayList<Integer>();
            values.forEach(value -> integers.add(toInt(key, value)));
            return integers;
        });
    }

    Optional<List<String>> optionalStrings(String key) {
        return optionalList(key).map(values -> {
            var strings = new ArrayList<String>();
            for (JsonNode value : values) {
                if (!value.isTextual()) {
                    throw wrongType(key, "a list of strings", value);
                }
                strings.add(value.textValue());
            }
            return strings;
        });
    }

    /** One integer, or a list of them. */
    Optional<List<Integer>> optionalOneOrMoreIntegers(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        JsonNode value = object.get(key);
        return value.isArray() ? optionalIntegers(key) : Optional.of(List.of(toInt(key, value)));
    }

    /** The value if it is a string; a value of another type is none. */
    Optional<String> stringIfAny(String key) {
        return has(key) ? Optional.ofNullable(object.get(key).textValue()) : Optional.empty();
    }

    void require(String key) {
        if (!has(key)) {
            throw rejection("missing_key", prefix + key + " is absent; nothing is assumed for it");
        }
    }

    ConfigException notPositive(String key) {
        return rejection("not_positive", prefix + key + " is " + object.get(key) + "; it must be greater than 0");
    }

    private Optional<JsonNode> optionalList(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        JsonNode value = object.get(key);
        if (!value.isArray()) {
            throw wrongType(key, "a list", value);
        }
        return Optional.of(value);
    }

    private int toInt(String key, JsonNode value) {
        if (!value.isIntegralNumber()) {
            throw wrongType(key, "an integer", value);
        }
        if (!value.canConvertToInt()) {
            throw tooLarge(key, value);
        }
        return value.intValue();
    }

    private ConfigException wrongType(String key, String expected, JsonNode value) {
        String found = value.isNumber() ? value.toString() : StrictJson.kind(value);
        return rejection("wrong_type", prefix + key + " must be " + expected + ", not " + found);
    }

    private ConfigException tooLarge(String key, JsonNode value) {
        return rejection(
                "too_large", prefix + key + " is " + StrictJson.quote(value.toString()) + ", which is too large");
    }
}
