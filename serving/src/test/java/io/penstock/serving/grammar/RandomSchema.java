package io.penstock.serving.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A schema by chance, and texts by chance that it permits, written without looking at the automaton. */
public final class RandomSchema {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String[] NAMES = {"a", "ab", "name", "x y", "ключ", "q\"", "n1", "type"};
    private static final String[] CHARACTERS = {"a", "Z", "0", " ", "é", "日", "😀", "\\\"", "\\\\", "\\n",
        "\\u00e9",
        "\\ud83d\\ude00", "/", "{", "]", ",", ":"};

    private final Random random;

    public RandomSchema(long seed) {
        random = new Random(seed);
    }

    private <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    public ObjectNode schema(int depth) {
        return switch (random.nextInt(depth == 0 ? 7 : 12)) {
            case 0 -> string();
            case 1 -> integer();
            case 2 -> number();
            case 3 -> JSON.objectNode().put("type", pick(List.of("boolean", "null")));
            case 4 -> constants();
            case 5 -> string().put("type", "string");
            case 6 -> JSON.objectNode();
            case 7 -> alternatives(depth);
            case 8, 9 -> array(depth);
            default -> object(depth);
        };
    }

    private ObjectNode string() {
        ObjectNode schema = JSON.objectNode().put("type", "string");
        int min = random.nextInt(4);
        if (random.nextBoolean()) {
            schema.put("minLength", min);
        }
        if (random.nextBoolean()) {
            schema.put("maxLength", min + random.nextInt(6));
        }
        return schema;
    }

    private ObjectNode integer() {
        ObjectNode schema = JSON.objectNode().put("type", "integer");
        int min = random.nextInt(2000) - 1000;
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", min);
        }
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", min + 50 + random.nextInt(1000));
        }
        if (random.nextInt(3) == 0) {
            schema.put("multipleOf", 1 + random.nextInt(40));
        }
        return schema;
    }

    private ObjectNode number() {
        ObjectNode schema = JSON.objectNode().put("type", "number");
        BigDecimal min = BigDecimal.valueOf(random.nextInt(20_000) - 10_000, random.nextInt(4));
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", min);
        }
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum",
                    min.add(BigDecimal.valueOf(1 + random.nextInt(500), random.nextInt(3))));
        }
        return schema;
    }

    private ObjectNode constants() {
        ObjectNode schema = JSON.objectNode();
        ArrayNode values = schema.putArray("enum");
        for (int i = 0; i <= random.nextInt(4); i++) {
            switch (random.nextInt(5)) {
                case 0 -> values.add(random.nextInt(100));
                case 1 -> values.add("v" + random.nextInt(100));
                case 2 -> values.add(random.nextBoolean());
                case 3 -> values.addArray().add(1).add("é");
                default -> values.addObject().put("k", "\"\\\n");
            }
        }
        return schema;
    }

    private ObjectNode alternatives(int depth) {
        ObjectNode schema = JSON.objectNode();
        ArrayNode branches = schema.putArray("anyOf");
        for (int i = 0; i <= 1 + random.nextInt(3); i++) {
            branches.add(schema(depth - 1));
        }
        return schema;
    }

    private ObjectNode array(int depth) {
        ObjectNode schema = JSON.objectNode().put("type", "array");
        if (random.nextInt(3) > 0) {
            schema.set("items", schema(depth - 1));
        }
        int numPrefix = random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0;
        for (int i = 0; i < numPrefix; i++) {
            schema.withArray("prefixItems").add(schema(depth - 1));
        }
        int most = numPrefix > 0 && !schema.has("items") ? numPrefix : 3;
        int min = random.nextInt(most + 1);
        if (random.nextBoolean()) {
            schema.put("minItems", min);
        }
        if (random.nextBoolean()) {
            schema.put("maxItems", min + random.nextInt(3));
        }
        return schema;
    }

    private ObjectNode object(int depth) {
        ObjectNode schema = JSON.objectNode().put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        for (String name : NAMES) {
            if (random.nextInt(3) == 0) {
                properties.set(name, schema(depth - 1));
                if (random.nextBoolean()) {
                    schema.withArray("required").add(name);
                }
            }
        }
        switch (random.nextInt(4)) {
            case 0 -> schema.put("additionalProperties", false);
            case 1 -> schema.set("additionalProperties", schema(0));
            default -> { }
        }
        return schema;
    }

    /** A text that is valid, in the order of the properties; null where none was found. */
    String instance(JsonNode schema, int depth) {
        if (schema.has("anyOf")) {
            return instance(schema.get("anyOf").get(random.nextInt(schema.get("anyOf").size())), depth);
        }
        if (schema.has("enum")) {
            return schema.get("enum").get(random.nextInt(schema.get("enum").size())).toString();
        }
        return switch (schema.path("type").asText()) {
            case "string" -> stringOf(schema);
            case "integer" -> integerOf(schema);
            case "number" -> numberOf(schema);
            case "boolean" -> pick(List.of("true", "false"));
            case "null" -> "null";
            case "array" -> arrayOf(schema, depth);
            case "object" -> objectOf(schema, depth);
            default -> anything(depth);
        };
    }

    private String anything(int depth) {
        return pick(depth > 3 ? List.of("1", "null", "\"x\"")
                : List.of("1.5e3", "null", "[]", "{}", "\"x\\u0041\"", "[1, [2]]", "{\"k\": {\"k\": [true]}}",
                        "-0.25"));
    }

    private String stringOf(JsonNode schema) {
        int min = schema.path("minLength").asInt(0);
        int max = schema.path("maxLength").asInt(min + 12);
        StringBuilder text = new StringBuilder("\"");
        for (int i = min + random.nextInt(max - min + 1); i > 0; i--) {
            text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
        return text.append('"').toString();
    }

    private String integerOf(JsonNode schema) {
        long min = schema.has("minimum") ? schema.get("minimum").asLong()
                : schema.has("exclusiveMinimum") ? schema.get("exclusiveMinimum").asLong() + 1
                : schema.has("maximum") || schema.has("exclusiveMaximum") ? -5000 : -99_999;
        long max = schema.has("maximum") ? schema.get("maximum").asLong()
                : schema.has("exclusiveMaximum") ? schema.get("exclusiveMaximum").asLong() - 1 : min + 99_999;
        long step = schema.path("multipleOf").asLong(1);
        long value = min + random.nextLong(Math.max(1, max - min + 1));
        value = Math.floorDiv(value, step) * step;
        value = value < min ? value + step : value;
        return value > max ? null : Long.toString(value);
    }

    private String numberOf(JsonNode schema) {
        BigDecimal least = decimal(schema, "minimum", "exclusiveMinimum");
        BigDecimal most = decimal(schema, "maximum", "exclusiveMaximum");
        BigDecimal min = least != null ? least : most != null ? most.subtract(BigDecimal.TEN) : BigDecimal.valueOf(-50);
        BigDecimal max = most != null ? most : min.add(BigDecimal.valueOf(100));
        BigDecimal part = BigDecimal.valueOf(1 + random.nextInt(998), 3);
        return min.add(max.subtract(min).multiply(part)).toPlainString();
    }

    private static BigDecimal decimal(JsonNode schema, String inclusive, String exclusive) {
        JsonNode bound = schema.has(inclusive) ? schema.get(inclusive) : schema.get(exclusive);
        return bound == null ? null : bound.decimalValue();
    }

    private String separator() {
        return pick(List.of(",", ", ", ",\n  "));
    }

    private String joined(char open, char close, List<String> parts) {
        if (parts.contains(null)) {
            return null;
        }
        StringBuilder text = new StringBuilder().append(open);
        boolean isWide = !parts.isEmpty() && random.nextBoolean();
        text.append(isWide ? "\n    " : "");
        for (int i = 0; i < parts.size(); i++) {
            text.append(i == 0 ? "" : separator()).append(parts.get(i));
        }
        return text.append(isWide ? "\n" : "").append(close).toString();
    }

    private String arrayOf(JsonNode schema, int depth) {
        JsonNode prefix = schema.path("prefixItems");
        int min = schema.path("minItems").asInt(0);
        int max = Math.min(schema.path("maxItems").asInt(Integer.MAX_VALUE),
                schema.has("items") || prefix.isEmpty() ? min + 3 : prefix.size());
        List<String> items = new ArrayList<>();
        for (int i = 0, size = min + random.nextInt(max - min + 1); i < size; i++) {
            JsonNode item = i < prefix.size() ? prefix.get(i) : schema.path("items");
            items.add(instance(item, depth + 1));
        }
        return joined('[', ']', items);
    }

    private String objectOf(JsonNode schema, int depth) {
        List<String> members = new ArrayList<>();
        String colon = random.nextBoolean() ? ":" : ": ";
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            boolean isRequired = false;
            for (JsonNode name : schema.path("required")) {
                isRequired |= name.asText().equals(property.getKey());
            }
            if (isRequired || random.nextBoolean()) {
                String value = instance(property.getValue(), depth + 1);
                members.add(value == null ? null : JSON.textNode(property.getKey()) + colon + value);
            }
        }
        JsonNode additional = schema.path("additionalProperties");
        if (additional.isObject() && random.nextBoolean()) {
            String value = instance(additional, depth + 1);
            members.add(value == null ? null : "\"nam\"" + colon + value);
        }
        return joined('{', '}', members);
    }
}
