package io.penstock.serving.grammar;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Somebody else's opinion on what a schema permits, formats included, behind a strict parser. */
public final class SchemaJudge {
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private final Schema schema;
    private final boolean judgesFormats;

    public SchemaJudge(JsonNode schema) {
        // Of addresses it takes only those in a top-level domain that it has heard of.
        judgesFormats = !schema.toString().contains("\"email\"");
        this.schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(schema.toString(), InputFormat.JSON);
    }

    /** What is wrong with a text, or the empty text. */
    public String objection(String text) {
        try {
            STRICT.readTree(text);
        } catch (JsonProcessingException e) {
            return "no JSON: " + e.getMessage();
        }
        var errors = schema.validate(text, InputFormat.JSON,
                context -> context.executionConfig(config -> config.formatAssertionsEnabled(judgesFormats)));
        return errors.isEmpty() ? "" : errors.toString();
    }

    public static JsonNode json(String text) {
        try {
            return STRICT.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** Schemas of every kind that is supported, one a line of a file. */
    public static List<String> schemas() {
        try (InputStream in = SchemaJudge.class.getResourceAsStream("/schemas/schemas.jsonl")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
