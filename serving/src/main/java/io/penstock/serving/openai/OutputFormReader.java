package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.serving.grammar.OutputForm;
import java.util.ArrayList;
import java.util.List;

/** Reads what form an output must have: response_format, structured_outputs, and the older guided fields. */
final class OutputFormReader {
    private static final List<String> UNSUPPORTED = List.of("grammar", "structural_tag", "whitespace_pattern");

    private final List<SamplingRequest.Demand> demands = new ArrayList<>();

    private OutputFormReader() {}

    /** Null where any output will do. */
    static SamplingRequest.Demand read(Fields body) {
        var reader = new OutputFormReader();
        reader.responseFormat(body);
        reader.structured(body, "guided_");
        if (body.has("structured_outputs")) {
            reader.structured(new Fields(body.node("structured_outputs"), "structured_outputs"), "");
        }
        if (reader.demands.size() > 1) {
            throw new BadRequestException(reader.demands.get(1).param() + " must not be given together with "
                    + reader.demands.get(0).param() + ": an output has one form", reader.demands.get(1).param());
        }
        return reader.demands.isEmpty() ? null : reader.demands.getFirst();
    }

    private void add(OutputForm form, String param) {
        demands.add(new SamplingRequest.Demand(form, param));
    }

    private void responseFormat(Fields body) {
        if (!body.has("response_format")) {
            return;
        }
        Fields format = new Fields(body.object("response_format"), "response_format");
        switch (format.requiredString("type")) {
            case "text" -> { }
            case "json_object" -> add(new OutputForm.JsonObject(), "response_format");
            case "json_schema" -> {
                Fields schema = new Fields(format.node("json_schema"), "response_format.json_schema");
                schema.string("name");
                schema.flag("strict", false);
                if (schema.object("schema") == null) {
                    throw Fields.mustBe(schema.path("schema"), "an object", null);
                }
                add(new OutputForm.JsonSchema(schema.object("schema")), schema.path("schema"));
            }
            default -> throw Fields.mustBe("response_format.type", "\"text\", \"json_object\" or \"json_schema\"",
                    format.node("type"));
        }
    }

    private void structured(Fields fields, String prefix) {
        for (String name : UNSUPPORTED) {
            if (fields.has(prefix + name)) {
                throw new BadRequestException(fields.path(prefix + name)
                        + " is not supported: use json, regex or choice", fields.path(prefix + name));
            }
        }
        if (fields.has(prefix + "json")) {
            add(new OutputForm.JsonSchema(schema(fields, prefix + "json")), fields.path(prefix + "json"));
        }
        if (fields.flag(prefix + "json_object", false)) {
            add(new OutputForm.JsonObject(), fields.path(prefix + "json_object"));
        }
        if (fields.has(prefix + "regex")) {
            add(new OutputForm.Pattern(fields.requiredString(prefix + "regex")), fields.path(prefix + "regex"));
        }
        if (fields.has(prefix + "choice")) {
            add(new OutputForm.OneOf(fields.strings(prefix + "choice")), fields.path(prefix + "choice"));
        }
    }

    /** A schema, or a text that holds one. */
    private static JsonNode schema(Fields fields, String name) {
        JsonNode node = fields.node(name);
        JsonNode schema = node.isTextual() ? Fields.objectIn(node.textValue()) : node;
        if (schema == null || !schema.isObject()) {
            throw Fields.mustBe(fields.path(name), "a JSON schema: an object, or a string that holds one", node);
        }
        return schema;
    }
}
