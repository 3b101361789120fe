package io.penstock.serving.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.runtime.InputException;
import java.util.List;

/** What form an output must have, as a request says it. Equal ones are compiled once. */
public sealed interface OutputForm {
    /** Any JSON object. */
    record JsonObject() implements OutputForm {}

    /** JSON by a schema, which is not copied. */
    record JsonSchema(JsonNode schema) implements OutputForm {
        private static final JsonMapper MAPPER =
                JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

        /** @throws InputException for a text that holds no object */
        public static JsonSchema parse(String text) {
            try {
                JsonNode schema = MAPPER.readTree(text);
                if (schema.isObject()) {
                    return new JsonSchema(schema);
                }
            } catch (JsonProcessingException e) {
                throw new InputException("json_schema must be JSON: " + e.getOriginalMessage(), e);
            }
            throw new InputException("json_schema must be a JSON object");
        }
    }

    /** A text that a regular expression is the whole of. */
    record Pattern(String regex) implements OutputForm {}

    /** One of several texts. */
    record OneOf(List<String> texts) implements OutputForm {
        public OneOf {
            texts = List.copyOf(texts);
        }
    }

    /**
     * One or more calls of tools.
     *
     * @param tools those that may be called
     * @param isParallel whether there may be more calls than one
     */
    record ToolCalls(List<Tool> tools, boolean isParallel) implements OutputForm {
        public ToolCalls {
            tools = List.copyOf(tools);
        }
    }

    /**
     * A tool.
     *
     * @param parameters the schema of its arguments; null for none
     */
    record Tool(String name, JsonNode parameters) {}
}
