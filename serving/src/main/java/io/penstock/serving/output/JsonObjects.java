package io.penstock.serving.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads arguments that the model wrote as a text which holds a JSON object: strict JSON, numbers kept as text. */
final class JsonObjects {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(ValueReader.MAX_DEPTH)
                    .maxNumberLength(OutputParser.MAX_HELD_CHARS)
                    .maxNameLength(OutputParser.MAX_HELD_CHARS)
                    .maxStringLength(OutputParser.MAX_HELD_CHARS)
                    .build())
            .build();

    private JsonObjects() {}

    /** The object, or null where {@code text} is anything else. */
    static Value.Members read(String text) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            Value.Members members = members(parser);
            return parser.nextToken() == null ? members : null;
        } catch (IOException malformed) {
            return null;
        }
    }

    private static Value.Members members(JsonParser parser) throws IOException {
        Map<String, Value> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            parser.nextToken();
            members.put(key, value(parser));
        }
        return new Value.Members(members);
    }

    private static Value value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            return members(parser);
        }
        if (token == JsonToken.START_ARRAY) {
            List<Value> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(value(parser));
            }
            return new Value.Items(items);
        }
        String text = parser.getText();
        return token == JsonToken.VALUE_STRING ? new Value.Text(text) : new Value.Scalar(text);
    }
}
