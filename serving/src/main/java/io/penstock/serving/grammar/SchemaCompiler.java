package io.penstock.serving.grammar;

import static io.penstock.serving.grammar.Expression.EMPTY;
import static io.penstock.serving.grammar.Expression.NEVER;
import static io.penstock.serving.grammar.Expression.UNBOUNDED;
import static io.penstock.serving.grammar.Expression.choice;
import static io.penstock.serving.grammar.Expression.repeat;
import static io.penstock.serving.grammar.Expression.sequence;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The JSON that a schema permits, as an expression. Never more than the schema permits; less in these ways, so that
 * what is written is bounded and unambiguous: properties come in the order of their declaration; an object that
 * declares properties and says nothing of others has no others, and an array after its {@code prefixItems} likewise;
 * without {@code type} only the types that the keywords speak of are written.
 */
final class SchemaCompiler {
    /** Schemas within each other. */
    static final int MAX_SCHEMA_DEPTH = 64;

    /** Properties of one object. */
    static final int MAX_PROPERTIES = 512;

    /** The largest length or number of items. */
    static final int MAX_COUNT = 1_000_000;

    /** Values of one enum. */
    static final int MAX_VALUES = 20_000;

    /** Multiples that are listed where their remainders are too many to carry. */
    private static final int MAX_LISTED = 4096;

    private final Schemas schemas;
    private final JsonText json;
    private final Map<String, Expression.Rule> rules = new HashMap<>();

    SchemaCompiler(JsonNode root, JsonText json) {
        schemas = new Schemas(root);
        this.json = json;
    }

    /** A value under a schema at a place in the document. */
    Expression value(JsonNode schema, String path, int depth) {
        if (depth > MAX_SCHEMA_DEPTH) {
            throw new SchemaException(path, "schemas are nested more than " + MAX_SCHEMA_DEPTH + " deep: flatten them");
        }
        if (schema.isBoolean()) {
            return schema.booleanValue() ? json.any : NEVER;
        }
        if (!schema.isObject()) {
            throw new SchemaException(path, "a schema must be an object, true or false, not " + schema.getNodeType());
        }
        Schemas.requireKnown(schema, path);
        if (schema.has("$ref") && Schemas.bounds(schema).size() == 1) {
            return reference(schema.get("$ref").asText(), path, depth);
        }
        if (schema.has("$ref") || schema.has("allOf")) {
            return value(schemas.flat(schema, path, 0), path, depth + 1);
        }
        for (String keyword : List.of("anyOf", "oneOf")) {
            if (schema.has(keyword)) {
                return alternatives(schema, keyword, path, depth);
            }
        }
        List<JsonNode> values = Schemas.values(schema);
        return values != null ? constants(schema, values, path) : typed(schema, path, depth);
    }

    /** What a reference points to is compiled once; it may be what the reference is in. */
    private Expression reference(String reference, String path, int depth) {
        Expression.Rule rule = rules.get(reference);
        if (rule == null) {
            rule = new Expression.Rule();
            rules.put(reference, rule);
            rule.body = value(schemas.resolve(reference, path), reference, depth + 1);
        }
        return new Expression.Call(rule);
    }

    private Expression alternatives(JsonNode schema, String keyword, String path, int depth) {
        JsonNode branches = schema.get(keyword);
        if (!branches.isArray() || branches.isEmpty()) {
            throw new SchemaException(path, keyword + " must be an array of at least one schema");
        }
        if (branches.size() > MAX_VALUES) {
            throw new SchemaException(path, keyword + " has " + branches.size() + " schemas and may have "
                    + MAX_VALUES);
        }
        if (keyword.equals("oneOf")) {
            requireDisjoint(branches, path);
        }
        ObjectNode rest = Schemas.without(schema, keyword);
        boolean isAlone = Schemas.bounds(rest).isEmpty();
        List<Expression> parts = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            String place = path + "/" + keyword + "/" + i;
            JsonNode branch = isAlone ? branches.get(i)
                    : schemas.merged(rest, schemas.flat(branches.get(i), place, 0), place, 0);
            parts.add(value(branch, place, depth + 1));
        }
        return choice(parts);
    }

    private void requireDisjoint(JsonNode branches, String path) {
        for (int i = 0; i < branches.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (!schemas.areDisjoint(branches.get(i), branches.get(j), path)) {
                    throw SchemaException.unsupported(path, "oneOf", "something may be valid under its schemas " + j
                            + " and " + i + "; use anyOf, or give them different types or a required property with"
                            + " different constants");
                }
            }
        }
    }

    private Expression constants(JsonNode schema, List<JsonNode> values, String path) {
        for (String bound : Schemas.bounds(schema)) {
            if (!Set.of("enum", "const", "type").contains(bound)) {
                throw SchemaException.unsupported(path, bound, "it is beside enum or const: leave it out");
            }
        }
        if (values.size() > MAX_VALUES) {
            throw new SchemaException(path, "enum has " + values.size() + " values and may have " + MAX_VALUES);
        }
        Set<String> types = Schemas.types(schema, path);
        List<String> texts = new ArrayList<>();
        List<Expression> parts = new ArrayList<>();
        for (JsonNode value : values) {
            requireWellFormed(value, path);
            if (!types.isEmpty() && !Schemas.isOfType(value, types)) {
                continue;
            }
            if (value.isContainerNode()) {
                parts.add(json.constant(value));
            } else {
                texts.add(value.isTextual() ? '"' + JsonText.escaped(value.textValue()) + '"' : value.toString());
            }
        }
        parts.add(Texts.oneOf(texts));
        return choice(parts);
    }

    private static void requireWellFormed(JsonNode value, String path) {
        String text = value.isTextual() ? value.textValue() : "";
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw new SchemaException(path, "half of a surrogate pair is no character and cannot be written");
        }
        value.forEach(inside -> requireWellFormed(inside, path));
    }

    private Expression typed(JsonNode schema, String path, int depth) {
        Set<String> types = Schemas.types(schema, path);
        if (types.isEmpty()) {
            return json.any;
        }
        List<Expression> parts = new ArrayList<>();
        for (String type : types) {
            parts.add(switch (type) {
                case "object" -> object(schema, path, depth);
                case "array" -> array(schema, path, depth);
                case "string" -> string(schema, path);
                case "number" -> number(schema, false, path);
                case "integer" -> types.contains("number") ? NEVER : number(schema, true, path);
                case "boolean" -> json.bool;
                default -> json.nothing;
            });
        }
        return choice(parts);
    }

    private Expression object(JsonNode given, String path, int depth) {
        JsonNode schema = closed(given);
        if (!schema.has("properties") && !schema.has("required") && !schema.has("additionalProperties")) {
            return json.object;
        }
        Expression members = members(schema, path, depth,
                (name, value) -> json.member(JsonText.literal(name), value), json);
        return json.bracketed('{', '}', members, !hasRequired(schema));
    }

    /** Where unevaluatedProperties is false, all that evaluates is in one schema by now, and nothing else may be. */
    private static JsonNode closed(JsonNode schema) {
        boolean isOpen = !schema.has("unevaluatedProperties") || schema.has("additionalProperties");
        return isOpen ? schema : schema.<ObjectNode>deepCopy().put("additionalProperties", false);
    }

    private static boolean hasRequired(JsonNode schema) {
        return !schema.path("required").isEmpty();
    }

    /** How a member is written. */
    interface MemberForm {
        /** The member of a name, with a value. */
        Expression of(String name, Expression value);
    }

    /** One or more members of an object, in order; {@link Expression#NEVER} where there are none. */
    Expression members(JsonNode schema, String path, int depth, MemberForm form, JsonText text) {
        Map<String, JsonNode> declared = declared(schema, path);
        Set<String> required = new HashSet<>();
        schema.path("required").forEach(name -> required.add(name.asText()));
        Expression first = NEVER;
        Expression rest = EMPTY;
        Expression additional = additional(schema, declared.keySet(), path, depth);
        if (additional != NEVER) {
            rest = Expression.star(text.separated(additional));
            first = sequence(additional, rest);
        }
        for (Map.Entry<String, JsonNode> entry : List.copyOf(declared.entrySet()).reversed()) {
            String name = entry.getKey();
            requireWellFormed(JsonNodeFactory.instance.textNode(name), path);
            Expression value = value(entry.getValue(), path + "/properties/" + name, depth + 1);
            Expression member = value == NEVER ? NEVER : form.of(name, value);
            boolean isRequired = required.contains(name);
            Expression here = member == NEVER ? NEVER : sequence(member, rest);
            Expression next = member == NEVER ? NEVER : sequence(text.separated(member), rest);
            first = isRequired ? here : choice(here, first);
            rest = isRequired ? next : choice(next, rest);
        }
        return first;
    }

    private Map<String, JsonNode> declared(JsonNode schema, String path) {
        Map<String, JsonNode> declared = new LinkedHashMap<>();
        JsonNode properties = schema.path("properties");
        if (!properties.isMissingNode() && !properties.isObject()) {
            throw new SchemaException(path, "properties must be an object");
        }
        properties.properties().forEach(field -> declared.put(field.getKey(), field.getValue()));
        JsonNode required = schema.path("required");
        if (!required.isMissingNode() && !required.isArray()) {
            throw new SchemaException(path, "required must be an array of strings");
        }
        JsonNode additional = schema.get("additionalProperties");
        for (JsonNode name : required) {
            if (!name.isTextual()) {
                throw new SchemaException(path, "required must be an array of strings");
            }
            declared.putIfAbsent(name.textValue(), additional == null ? JsonNodeFactory.instance.objectNode()
                    : additional);
        }
        if (declared.size() > MAX_PROPERTIES) {
            throw new SchemaException(path, "an object has " + declared.size() + " properties and may have "
                    + MAX_PROPERTIES);
        }
        return declared;
    }

    /** A member that is not declared. */
    private Expression additional(JsonNode schema, Set<String> declared, String path, int depth) {
        JsonNode additional = schema.get("additionalProperties");
        if (additional == null) {
            return NEVER;
        }
        Expression value = value(additional, path + "/additionalProperties", depth + 1);
        return value == NEVER ? NEVER : json.member(JsonText.quoted(Texts.noneOf(declared)), value);
    }

    private Expression array(JsonNode schema, String path, int depth) {
        JsonNode items = schema.get("items");
        JsonNode prefix = items != null && items.isArray() ? items : schema.path("prefixItems");
        if (!prefix.isMissingNode() && !prefix.isArray()) {
            throw new SchemaException(path, "prefixItems must be an array of schemas");
        }
        if (prefix.size() > MAX_PROPERTIES) {
            throw new SchemaException(path, "prefixItems has " + prefix.size() + " schemas and may have "
                    + MAX_PROPERTIES);
        }
        int min = Schemas.count(schema, "minItems", 0, path);
        int max = Schemas.count(schema, "maxItems", UNBOUNDED, path);
        if (max != UNBOUNDED && max < min) {
            return NEVER;
        }
        boolean isOpen = items != null && !items.isArray() || prefix.isEmpty();
        Expression item = !isOpen ? NEVER : items == null || items.isArray() ? json.any
                : value(items, path + "/items", depth + 1);
        int numPrefix = prefix.size();
        int moreMin = Math.max(0, min - numPrefix);
        int moreMax = max == UNBOUNDED ? UNBOUNDED : Math.max(0, max - numPrefix);
        if (numPrefix == 0) {
            Expression all = max == 0 || item == NEVER ? NEVER : json.list(item, Math.max(1, min), max);
            return json.bracketed('[', ']', all, min == 0);
        }
        Expression rest = repeat(json.separated(item), moreMin, item == NEVER ? Math.max(moreMin, 0) : moreMax);
        if (item == NEVER) {
            rest = moreMin == 0 ? EMPTY : NEVER;
        }
        for (int i = numPrefix - 1; i >= 0; i--) {
            Expression element = max != UNBOUNDED && i >= max ? NEVER
                    : value(prefix.get(i), path + "/prefixItems/" + i, depth + 1);
            Expression with = element == NEVER || rest == NEVER ? NEVER
                    : sequence(i == 0 ? element : json.separated(element), rest);
            rest = i == 0 ? with : i >= min ? choice(EMPTY, with) : with;
        }
        return json.bracketed('[', ']', rest, min == 0);
    }

    private Expression string(JsonNode schema, String path) {
        int min = Schemas.count(schema, "minLength", 0, path);
        int max = Schemas.count(schema, "maxLength", UNBOUNDED, path);
        if (max != UNBOUNDED && max < min) {
            return NEVER;
        }
        JsonNode pattern = schema.get("pattern");
        JsonNode format = schema.get("format");
        if (pattern == null && format == null) {
            return JsonText.quoted(repeat(json.character, min, max));
        }
        if (pattern != null && format != null) {
            throw SchemaException.unsupported(path, "format", "it is beside pattern: give one of them");
        }
        String keyword = pattern != null ? "pattern" : "format";
        Regex regex = pattern != null ? pattern(pattern, path) : format(format, path);
        regex = bounded(regex, min, max);
        if (regex == null) {
            throw SchemaException.unsupported(path, schema.has("minLength") ? "minLength" : "maxLength",
                    "it is beside " + keyword + ", which has other lengths too: write the lengths into a pattern");
        }
        return JsonText.quoted(regex.expression(JsonText::encoded));
    }

    private static Regex pattern(JsonNode pattern, String path) {
        if (!pattern.isTextual()) {
            throw new SchemaException(path, "pattern must be a string");
        }
        Regex regex = Texts.parsed(pattern.textValue(), path).found();
        if (regex == null) {
            throw new SchemaException(path, "pattern has an anchor (^ or $) inside: it may stand at the beginning or"
                    + " end of the whole or of one of its alternatives");
        }
        return regex;
    }

    private static Regex format(JsonNode format, String path) {
        Regex regex = format.isTextual() ? Formats.regex(format.textValue()) : null;
        if (regex == null) {
            throw new SchemaException(path, "format " + format + " is not supported: use one of " + Formats.names()
                    + ", or a pattern");
        }
        return regex;
    }

    /** The texts within lengths; null where this is not known of the expression. */
    private static Regex bounded(Regex regex, int min, int max) {
        boolean isLongEnough = regex.minLength() >= min;
        boolean isShortEnough = max == UNBOUNDED || regex.maxLength() != Regex.UNBOUNDED && regex.maxLength() <= max;
        if (isLongEnough && isShortEnough) {
            return regex;
        }
        Regex only = regex;
        while (only instanceof Regex.Series(List<Regex> parts) && parts.size() == 1) {
            only = parts.getFirst();
        }
        if (only instanceof Regex.Repeated(Regex.One body, int least, int most)) {
            int from = Math.max(min, least);
            int to = most == Regex.UNBOUNDED ? max : max == UNBOUNDED ? most : Math.min(most, max);
            return to != UNBOUNDED && to < from ? new Regex.Either(List.of()) : new Regex.Repeated(body, from, to);
        }
        return null;
    }

    private Expression number(JsonNode schema, boolean isInteger, String path) {
        BigDecimal step = Schemas.number(schema, "multipleOf", path);
        if (step != null && step.signum() <= 0) {
            throw new SchemaException(path, "multipleOf must be greater than 0, not " + step);
        }
        boolean isFree = step == null && Schemas.bounds(schema).stream().noneMatch(name -> name.endsWith("imum"));
        if (isFree) {
            return isInteger ? json.integer : json.number;
        }
        BigDecimal grid = BigDecimal.ONE.movePointLeft(isInteger ? 0 : JsonText.MAX_DIGITS);
        if (step != null) {
            step = step.stripTrailingZeros();
            if (isInteger && step.scale() > 0) {
                BigDecimal scaled = step.movePointRight(step.scale());
                BigDecimal common = new BigDecimal(scaled.toBigInteger().gcd(BigDecimal.TEN.pow(step.scale())
                        .toBigInteger()));
                step = scaled.divide(common);
            }
            grid = BigDecimal.ONE.movePointLeft(Math.max(0, step.scale()));
        }
        if (grid.scale() > JsonText.MAX_DIGITS) {
            throw SchemaException.unsupported(path, "multipleOf", "it has more than " + JsonText.MAX_DIGITS
                    + " decimals");
        }
        BigDecimal min = bound(schema, "minimum", "exclusiveMinimum", grid, path);
        BigDecimal max = bound(schema, "maximum", "exclusiveMaximum", grid.negate(), path);
        int maxDigits = isInteger ? JsonText.MAX_INTEGER_DIGITS : JsonText.MAX_DIGITS;
        requireBounded(min, path);
        requireBounded(max, path);
        if (step == null) {
            return (isInteger ? NumberForms.integers() : NumberForms.decimals(JsonText.MAX_DIGITS))
                    .between(min, max, maxDigits);
        }
        return multiples(step, min, max, maxDigits, path);
    }

    private static void requireBounded(BigDecimal bound, String path) {
        if (bound != null && bound.precision() - bound.scale() > 100) {
            throw new SchemaException(path, "a bound has more than 100 digits");
        }
    }

    /** A bound as an inclusive one, on the grid of what can be written; null for none. */
    private static BigDecimal bound(
            JsonNode schema, String inclusive, String exclusive, BigDecimal towardsInside, String path) {
        BigDecimal bound = schema.path(exclusive).isBoolean() ? null : Schemas.number(schema, exclusive, path);
        boolean isMin = towardsInside.signum() > 0;
        BigDecimal inside = null;
        if (bound != null) {
            RoundingMode outside = isMin ? RoundingMode.FLOOR : RoundingMode.CEILING;
            inside = bound.setScale(towardsInside.scale(), outside).add(towardsInside);
        }
        BigDecimal other = Schemas.number(schema, inclusive, path);
        if (other != null && schema.path(exclusive).asBoolean(false)) {
            throw SchemaException.unsupported(path, exclusive, "it must be a number, not true");
        }
        return inside == null ? other : other == null ? inside : isMin ? inside.max(other) : inside.min(other);
    }

    private static Expression multiples(BigDecimal step, BigDecimal min, BigDecimal max, int maxDigits, String path) {
        int numDecimals = Math.max(0, step.scale());
        BigDecimal divisor = step.movePointRight(numDecimals);
        if (divisor.compareTo(BigDecimal.ONE) == 0) {
            NumberForms forms = numDecimals == 0 ? NumberForms.integers() : NumberForms.decimals(numDecimals);
            return forms.between(min, max, maxDigits);
        }
        if (divisor.compareTo(BigDecimal.valueOf(NumberForms.MAX_DIVISOR)) <= 0) {
            return NumberForms.multiples(divisor.intValueExact(), numDecimals).between(min, max, maxDigits);
        }
        if (min != null && max != null) {
            BigDecimal first = min.divide(step, 0, RoundingMode.CEILING);
            BigDecimal last = max.divide(step, 0, RoundingMode.FLOOR);
            if (last.subtract(first).compareTo(BigDecimal.valueOf(MAX_LISTED)) < 0) {
                List<String> texts = new ArrayList<>();
                for (BigDecimal i = first; i.compareTo(last) <= 0; i = i.add(BigDecimal.ONE)) {
                    texts.add(i.multiply(step).toPlainString());
                }
                return Texts.oneOf(texts);
            }
        }
        throw SchemaException.unsupported(path, "multipleOf", "of " + step.toPlainString()
                + " there are too many; give minimum and maximum with at most " + MAX_LISTED + " multiples between");
    }

    /** Whether the members of an object under a schema can be written with other forms of members. */
    boolean isPlainObject(JsonNode schema, Predicate<String> isName) {
        boolean isObject = !schema.has("type") || schema.get("type").asText().equals("object");
        boolean isClosed = !schema.has("additionalProperties") || schema.get("additionalProperties").isBoolean()
                && !schema.get("additionalProperties").booleanValue();
        boolean isElse = schema.has("anyOf") || schema.has("oneOf") || schema.has("enum") || schema.has("const");
        return isObject && isClosed && !isElse && declared(schema, "").keySet().stream().allMatch(isName);
    }

    /** What stands in for a schema with references and allOf at its root. */
    ObjectNode flat(JsonNode schema) {
        return schemas.flat(schema, "", 0);
    }
}
