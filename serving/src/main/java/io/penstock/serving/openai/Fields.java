package io.penstock.serving.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The fields of one JSON object by name and type. An explicit null is an absent field; a wrong type is a
 * {@link BadRequestException} that says what the field must be.
 */
final class Fields {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
    private static final int SHOWN_CHARS = 40;
    private static final int DETECTED_BYTES = 4;
    private static final int CHECKED_CHARS = 8 << 10;

    private final JsonNode object;
    private final String prefix;

    /** @param path where the object is in the request: empty for the body */
    Fields(JsonNode object, String path) {
        if (object == null || !object.isObject()) {
            throw path.isEmpty()
                    ? new BadRequestException("the body must be a JSON object, not " + shown(object), null)
                    : mustBe(path, "an object", object);
        }
        this.object = object;
        this.prefix = path.isEmpty() ? "" : path + ".";
    }

    static JsonNode body(byte[] json) {
        requireUtf8(json);
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            String reason = e instanceof MismatchedInputException
                    ? "something follows the first value" : e.getOriginalMessage().lines().findFirst().orElse("");
            String where = e.getLocation() == null ? ""
                    : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
            throw new BadRequestException("the body must be valid JSON: " + reason + where, null);
        } catch (IOException e) {
            throw new BadRequestException("the body must be JSON in UTF-8: " + e.getMessage(), null);
        }
    }

    /** Jackson takes other encodings too, and characters in more bytes than they need, which hide what they say. */
    private static void requireUtf8(byte[] json) {
        boolean isUtf8 = true;
        for (int i = 0; i < json.length && i < DETECTED_BYTES; i++) {
            isUtf8 &= json[i] != 0;
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(json);
        CharBuffer out = CharBuffer.allocate(Math.min(json.length + 1, CHECKED_CHARS));
        CoderResult result = CoderResult.OVERFLOW;
        while (isUtf8 && result.isOverflow()) {
            result = decoder.decode(in, out.clear(), true);
        }
        if (!isUtf8 || result.isError()) {
            throw new BadRequestException("the body must be JSON in UTF-8: byte " + in.position() + " is not", null);
        }
    }

    /** The object that {@code text} holds, or null where it holds anything else. */
    static ObjectNode objectIn(String text) {
        try {
            return MAPPER.readTree(text) instanceof ObjectNode object ? object : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    static BadRequestException mustBe(String path, String what, JsonNode given) {
        return new BadRequestException(path + " must be " + what + ", not " + shown(given), path);
    }

    /** A value in a message: short, and without line breaks. */
    static String shown(JsonNode given) {
        if (given == null || given.isMissingNode() || given.isNull()) {
            return "null";
        }
        if (given.isContainerNode()) {
            return given.isArray() ? "an array" : "an object";
        }
        String text = given.toString();
        return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "...";
    }

    String path(String name) {
        return prefix + name;
    }

    /** The value, or null where it is absent. */
    JsonNode node(String name) {
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? null : node;
    }

    boolean has(String name) {
        return node(name) != null;
    }

    String string(String name) {
        JsonNode node = node(name);
        if (node != null && !node.isTextual()) {
            throw mustBe(path(name), "a string", node);
        }
        return node == null ? null : node.textValue();
    }

    String requiredString(String name) {
        String text = string(name);
        if (text == null || text.isEmpty()) {
            throw new BadRequestException(path(name) + " must be given, as a string that is not empty", path(name));
        }
        return text;
    }

    boolean flag(String name, boolean absent) {
        JsonNode node = node(name);
        if (node != null && !node.isBoolean()) {
            throw mustBe(path(name), "true or false", node);
        }
        return node == null ? absent : node.booleanValue();
    }

    double number(String name, double absent) {
        JsonNode node = node(name);
        if (node != null && !node.isNumber()) {
            throw mustBe(path(name), "a number", node);
        }
        return node == null ? absent : node.doubleValue();
    }

    /** Null where it is absent. */
    Integer integer(String name, int min, int max) {
        JsonNode node = node(name);
        return node == null ? null : integer(node, path(name), min, max);
    }

    int integer(String name, int min, int max, int absent) {
        Integer value = integer(name, min, max);
        return value == null ? absent : value;
    }

    /** Null where it is absent. */
    Long longInteger(String name) {
        JsonNode node = node(name);
        if (node == null) {
            return null;
        }
        if (!isInteger(node) || !node.canConvertToLong()) {
            throw mustBe(path(name), "an integer of 64 bits", node);
        }
        return node.longValue();
    }

    static int integer(JsonNode node, String path, int min, int max) {
        if (!isInteger(node)) {
            throw mustBe(path, "an integer", node);
        }
        if (!node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            boolean isTooSmall = node.bigIntegerValue().signum() < 0 || node.canConvertToInt() && node.intValue() < min;
            String range = max == Integer.MAX_VALUE && isTooSmall ? "at least " + min
                    : "between " + min + " and " + max;
            throw mustBe(path, range, node);
        }
        return node.intValue();
    }

    /** Null where it is absent. */
    ArrayNode array(String name) {
        JsonNode node = node(name);
        if (node != null && !node.isArray()) {
            throw mustBe(path(name), "an array", node);
        }
        return (ArrayNode) node;
    }

    /** Null where it is absent. */
    ObjectNode object(String name) {
        JsonNode node = node(name);
        if (node != null && !node.isObject()) {
            throw mustBe(path(name), "an object", node);
        }
        return (ObjectNode) node;
    }

    /** Empty where it is absent. */
    List<String> strings(String name) {
        ArrayNode array = array(name);
        List<String> strings = new ArrayList<>();
        for (int i = 0; array != null && i < array.size(); i++) {
            if (!array.get(i).isTextual()) {
                throw mustBe(path(name) + "[" + i + "]", "a string", array.get(i));
            }
            strings.add(array.get(i).textValue());
        }
        return strings;
    }

    /** Token ids; empty where it is absent. */
    List<Integer> ids(String name) {
        ArrayNode array = array(name);
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; array != null && i < array.size(); i++) {
            ids.add(integer(array.get(i), path(name) + "[" + i + "]", 0, Integer.MAX_VALUE));
        }
        return ids;
    }

    private static boolean isInteger(JsonNode node) {
        return node.isNumber() && node.canConvertToExactIntegral();
    }
}
