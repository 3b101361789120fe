package io.penstock.serving.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What schemas say, without knowing how it is written: keywords, references, types, and one schema made of two. */
final class Schemas {
    private static final Set<String> OBJECT = Set.of("properties", "required", "additionalProperties");
    private static final Set<String> ARRAY = Set.of("items", "prefixItems", "minItems", "maxItems");
    private static final Set<String> STRING = Set.of("pattern", "minLength", "maxLength", "format");
    private static final Set<String> NUMBER =
            Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");
    private static final Set<String> TYPES =
            Set.of("object", "array", "string", "number", "integer", "boolean", "null");

    /** Keywords that say nothing of what is valid. All other names that no dialect knows are passed over as well. */
    private static final Set<String> ANNOTATIONS = Set.of("title", "description", "default", "examples", "example",
            "$schema", "$id", "id", "$comment", "$anchor", "$defs", "definitions", "deprecated", "readOnly",
            "writeOnly", "contentMediaType", "contentEncoding", "contentSchema");

    private static final Map<String, String> UNSUPPORTED = Map.ofEntries(
            Map.entry("not", "say what is permitted instead"),
            Map.entry("if", "use anyOf with whole alternatives"),
            Map.entry("then", "use anyOf with whole alternatives"),
            Map.entry("else", "use anyOf with whole alternatives"),
            Map.entry("dependentSchemas", "use anyOf with whole alternatives"),
            Map.entry("dependentRequired", "use anyOf with whole alternatives"),
            Map.entry("dependencies", "use anyOf with whole alternatives"),
            Map.entry("patternProperties", "name the properties, or use additionalProperties"),
            Map.entry("propertyNames", "name the properties"),
            Map.entry("contains", "use prefixItems"),
            Map.entry("minContains", "use prefixItems"),
            Map.entry("maxContains", "use prefixItems"),
            Map.entry("additionalItems", "use prefixItems and items"),
            Map.entry("unevaluatedItems", "use prefixItems and items"),
            Map.entry("$dynamicRef", "use $ref"),
            Map.entry("$recursiveRef", "use $ref"));

    private final JsonNode root;

    Schemas(JsonNode root) {
        this.root = root;
    }

    /** Refuses keywords that bound what is valid and that nothing here heeds. */
    static void requireKnown(JsonNode schema, String path) {
        for (Map.Entry<String, JsonNode> field : schema.properties()) {
            String name = field.getKey();
            String advice = UNSUPPORTED.get(name);
            if (advice != null) {
                throw SchemaException.unsupported(path, name, advice);
            }
            boolean isFalse = field.getValue().isBoolean() && !field.getValue().booleanValue();
            if (name.equals("uniqueItems") && !isFalse) {
                throw SchemaException.unsupported(path, name, "leave it out, or list the possible arrays in an enum");
            }
            if (name.equals("unevaluatedProperties") && !isFalse) {
                throw SchemaException.unsupported(path, name, "use additionalProperties");
            }
            if (name.equals("maxProperties") || name.equals("minProperties")
                    && field.getValue().asInt(Integer.MAX_VALUE) > schema.path("required").size()) {
                throw SchemaException.unsupported(path, name, "use required and additionalProperties");
            }
        }
    }

    /** The schema that a reference within the document points to. */
    JsonNode resolve(String reference, String path) {
        if (!reference.equals("#") && !reference.startsWith("#/")) {
            throw new SchemaException(path, "$ref \"" + reference
                    + "\" leads out of the document: only references that begin with # are followed");
        }
        JsonNode target = root;
        for (String step : reference.substring(1).split("/")) {
            if (!step.isEmpty()) {
                String name = URLDecoder.decode(step.replace("+", "%2B"), StandardCharsets.UTF_8)
                        .replace("~1", "/").replace("~0", "~");
                target = target.isArray() && name.matches("[0-9]{1,6}") ? target.path(Integer.parseInt(name))
                        : target.path(name);
            }
        }
        if (target.isMissingNode()) {
            throw new SchemaException(path, "$ref \"" + reference + "\" points to nothing in the document");
        }
        return target;
    }

    /** The types that a schema permits: those it names, else those its keywords speak of; none for any. */
    static Set<String> types(JsonNode schema, String path) {
        JsonNode type = schema.get("type");
        Set<String> types = new LinkedHashSet<>();
        if (type != null) {
            for (JsonNode name : type.isArray() ? type : JsonNodeFactory.instance.arrayNode().add(type)) {
                if (!name.isTextual() || !TYPES.contains(name.textValue())) {
                    throw new SchemaException(path, "type must be one of "
                            + String.join(", ", TYPES.stream().sorted().toList())
                            + ", or an array of them, not " + name);
                }
                types.add(name.textValue());
            }
            if (types.isEmpty()) {
                throw new SchemaException(path, "type must not be an empty array");
            }
            return types;
        }
        for (Map.Entry<String, JsonNode> field : schema.properties()) {
            String name = field.getKey();
            if (OBJECT.contains(name)) {
                types.add("object");
            } else if (ARRAY.contains(name)) {
                types.add("array");
            } else if (STRING.contains(name)) {
                types.add("string");
            } else if (NUMBER.contains(name)) {
                types.add("number");
            }
        }
        return types;
    }

    static boolean isOfType(JsonNode value, Set<String> types) {
        if (value.isNumber()) {
            return types.contains("number") || types.contains("integer")
                    && value.decimalValue().stripTrailingZeros().scale() <= 0;
        }
        return types.contains(value.isObject() ? "object" : value.isArray() ? "array" : value.isTextual() ? "string"
                : value.isBoolean() ? "boolean" : "null");
    }

    /** The keywords of a schema that bound what is valid. */
    static List<String> bounds(JsonNode schema) {
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : schema.properties()) {
            if (!ANNOTATIONS.contains(field.getKey())) {
                names.add(field.getKey());
            }
        }
        return names;
    }

    /** A schema without one of its keywords. */
    static ObjectNode without(JsonNode schema, String keyword) {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : schema.properties()) {
            if (!field.getKey().equals(keyword)) {
                copy.set(field.getKey(), field.getValue());
            }
        }
        return copy;
    }

    /** Follows references and allOf until there is neither; true and false become schemas. */
    ObjectNode flat(JsonNode schema, String path, int depth) {
        if (depth > SchemaCompiler.MAX_SCHEMA_DEPTH) {
            throw new SchemaException(path, "references or allOf are nested more than "
                    + SchemaCompiler.MAX_SCHEMA_DEPTH + " deep, or without end");
        }
        if (schema.isBoolean()) {
            ObjectNode made = JsonNodeFactory.instance.objectNode();
            if (!schema.booleanValue()) {
                made.set("enum", JsonNodeFactory.instance.arrayNode());
            }
            return made;
        }
        if (!schema.isObject()) {
            throw new SchemaException(path, "a schema must be an object, true or false");
        }
        ObjectNode result = (ObjectNode) schema;
        if (schema.has("$ref")) {
            JsonNode target = resolve(schema.get("$ref").asText(), path);
            result = merged(without(result, "$ref"), flat(target, path, depth + 1), path, depth);
        }
        JsonNode all = result.get("allOf");
        if (all != null) {
            ObjectNode rest = flat(without(result, "allOf"), path, depth + 1);
            for (int i = 0; i < all.size(); i++) {
                rest = merged(rest, flat(all.get(i), path + "/allOf/" + i, depth + 1), path, depth);
            }
            result = rest;
        }
        return result;
    }

    /** The schema that permits what both permit; where this cannot be said, an error names the keyword. */
    ObjectNode merged(ObjectNode one, ObjectNode other, String path, int depth) {
        requireKnown(one, path);
        requireKnown(other, path);
        if (bounds(one).isEmpty() || bounds(other).isEmpty()) {
            return bounds(one).isEmpty() ? other : one;
        }
        ObjectNode result = one.deepCopy();
        for (Map.Entry<String, JsonNode> field : other.properties()) {
            String name = field.getKey();
            JsonNode mine = one.get(name);
            if (ANNOTATIONS.contains(name)) {
                continue;
            }
            if (OBJECT.contains(name)) {
                continue;
            }
            result.set(name, mine == null || mine.equals(field.getValue()) ? field.getValue()
                    : keyword(name, mine, field.getValue(), path, depth));
        }
        mergeObjects(one, other, result, path, depth);
        if (one.has("const") != other.has("const") && (one.has("enum") || other.has("enum"))) {
            JsonNode value = result.get("const");
            boolean isIn = contains(result.get("enum"), value);
            result.remove("const");
            result.set("enum", isIn ? JsonNodeFactory.instance.arrayNode().add(value)
                    : JsonNodeFactory.instance.arrayNode());
        }
        return result;
    }

    private static boolean contains(JsonNode array, JsonNode value) {
        for (JsonNode item : array) {
            if (same(item, value)) {
                return true;
            }
        }
        return false;
    }

    /** Whether two values are the same to JSON Schema: 1 and 1.0 are. */
    static boolean same(JsonNode one, JsonNode other) {
        return one.isNumber() && other.isNumber() ? one.decimalValue().compareTo(other.decimalValue()) == 0
                : one.equals(other);
    }

    private JsonNode keyword(String name, JsonNode mine, JsonNode theirs, String path, int depth) {
        boolean isNumber = mine.isNumber() && theirs.isNumber();
        boolean isLess = isNumber && mine.decimalValue().compareTo(theirs.decimalValue()) < 0;
        return switch (name) {
            case "type" -> {
                ArrayNode both = JsonNodeFactory.instance.arrayNode();
                Set<String> ours = types(JsonNodeFactory.instance.objectNode().set("type", mine), path);
                for (String type : types(JsonNodeFactory.instance.objectNode().set("type", theirs), path)) {
                    if (ours.contains(type) || type.equals("integer") && ours.contains("number")) {
                        both.add(type);
                    } else if (type.equals("number") && ours.contains("integer")) {
                        both.add("integer");
                    }
                }
                if (both.isEmpty()) {
                    throw new SchemaException(path, "what is combined has no type in common");
                }
                yield both;
            }
            case "enum" -> {
                ArrayNode both = JsonNodeFactory.instance.arrayNode();
                mine.forEach(value -> {
                    if (contains(theirs, value)) {
                        both.add(value);
                    }
                });
                yield both;
            }
            case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" -> isLess ? theirs : mine;
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems" -> isLess ? mine : theirs;
            case "items" -> merged(flat(mine, path, depth + 1), flat(theirs, path, depth + 1), path + "/items",
                    depth + 1);
            default -> throw SchemaException.unsupported(path, name,
                    "it is combined (allOf, or beside $ref or anyOf) with a different one; write one schema");
        };
    }

    private void mergeObjects(ObjectNode one, ObjectNode other, ObjectNode result, String path, int depth) {
        Set<String> names = new LinkedHashSet<>();
        one.path("properties").properties().forEach(field -> names.add(field.getKey()));
        other.path("properties").properties().forEach(field -> names.add(field.getKey()));
        if (!names.isEmpty()) {
            ObjectNode properties = JsonNodeFactory.instance.objectNode();
            for (String name : names) {
                JsonNode mine = property(one, name);
                JsonNode theirs = property(other, name);
                properties.set(name, isFree(theirs) ? mine : isFree(mine) ? theirs
                        : merged(flat(mine, path, depth + 1), flat(theirs, path, depth + 1),
                                path + "/properties/" + name, depth + 1));
            }
            result.set("properties", properties);
        }
        Set<String> required = new LinkedHashSet<>();
        one.path("required").forEach(name -> required.add(name.asText()));
        other.path("required").forEach(name -> required.add(name.asText()));
        if (!required.isEmpty()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            required.forEach(array::add);
            result.set("required", array);
        }
        JsonNode mine = one.get("additionalProperties");
        JsonNode theirs = other.get("additionalProperties");
        if (mine == null && theirs != null) {
            result.set("additionalProperties", theirs);
        } else if (mine != null && theirs != null) {
            result.set("additionalProperties", merged(flat(mine, path, depth + 1), flat(theirs, path, depth + 1),
                    path + "/additionalProperties", depth + 1));
        }
    }

    private static boolean isFree(JsonNode schema) {
        return schema.isObject() && schema.isEmpty();
    }

    private static JsonNode property(ObjectNode schema, String name) {
        JsonNode declared = schema.path("properties").get(name);
        JsonNode additional = schema.get("additionalProperties");
        JsonNode bound = declared != null ? declared : additional;
        return bound == null || bound.isBoolean() && bound.booleanValue()
                ? JsonNodeFactory.instance.objectNode() : bound;
    }

    /** Whether nothing is valid under two of the schemas: by type, by value, or by a property that tells them apart. */
    boolean areDisjoint(JsonNode one, JsonNode other, String path) {
        ObjectNode a = flat(one, path, 0);
        ObjectNode b = flat(other, path, 0);
        List<JsonNode> mine = values(a);
        List<JsonNode> theirs = values(b);
        if (mine != null && theirs != null) {
            return mine.stream().noneMatch(value -> theirs.stream().anyMatch(their -> same(value, their)));
        }
        Set<String> ours = a.has("type") ? types(a, path) : valueTypes(mine);
        Set<String> others = b.has("type") ? types(b, path) : valueTypes(theirs);
        if (ours.isEmpty() || others.isEmpty()) {
            return false;
        }
        Set<String> common = new HashSet<>();
        for (String type : ours) {
            boolean isShared = others.contains(type) || type.equals("integer") && others.contains("number")
                    || type.equals("number") && others.contains("integer");
            if (isShared) {
                common.add(type);
            }
        }
        return common.isEmpty() || common.equals(Set.of("object")) && hasDiscriminator(a, b, path);
    }

    private static Set<String> valueTypes(List<JsonNode> values) {
        Set<String> types = new HashSet<>();
        for (JsonNode value : values == null ? List.<JsonNode>of() : values) {
            for (String type : TYPES) {
                if (isOfType(value, Set.of(type))) {
                    types.add(type);
                }
            }
        }
        return types;
    }

    private boolean hasDiscriminator(ObjectNode a, ObjectNode b, String path) {
        for (JsonNode name : a.path("required")) {
            boolean isInBoth = contains(b.path("required"), name);
            JsonNode mine = a.path("properties").get(name.asText());
            JsonNode theirs = b.path("properties").get(name.asText());
            if (isInBoth && mine != null && theirs != null && areDisjoint(mine, theirs, path)) {
                return true;
            }
        }
        return false;
    }

    /** The values that a schema lists, or null. */
    static List<JsonNode> values(JsonNode schema) {
        JsonNode listed = schema.get("enum");
        List<JsonNode> values = new ArrayList<>();
        if (schema.has("const")) {
            values.add(schema.get("const"));
        } else if (listed != null) {
            listed.forEach(values::add);
        }
        return schema.has("const") || listed != null ? values : null;
    }

    /** A keyword's number, or null. */
    static BigDecimal number(JsonNode schema, String keyword, String path) {
        JsonNode value = schema.get(keyword);
        if (value != null && !value.isNumber()) {
            throw new SchemaException(path, keyword + " must be a number, not " + value);
        }
        return value == null ? null : value.decimalValue();
    }

    /** A keyword's count; {@code otherwise} where it is absent. */
    static int count(JsonNode schema, String keyword, int otherwise, String path) {
        BigDecimal value = number(schema, keyword, path);
        if (value == null) {
            return otherwise;
        }
        if (value.signum() < 0 || value.stripTrailingZeros().scale() > 0
                || value.compareTo(BigDecimal.valueOf(SchemaCompiler.MAX_COUNT)) > 0) {
            throw new SchemaException(path, keyword + " must be an integer from 0 to " + SchemaCompiler.MAX_COUNT
                    + ", not " + schema.get(keyword));
        }
        return value.intValue();
    }
}
