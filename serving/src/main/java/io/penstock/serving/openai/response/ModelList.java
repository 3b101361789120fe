package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/** The answer of {@code GET /v1/models}. */
public record ModelList(List<Model> models) implements JsonBody {
    /**
     * One name that requests may use.
     *
     * @param createdSeconds since 1970
     * @param root the checkpoint that it stands for
     * @param maxModelLen tokens of prompt and output together
     */
    public record Model(String id, long createdSeconds, String ownedBy, String root, int maxModelLen)
            implements JsonBody {
        @Override
        public void writeTo(JsonGenerator json) throws IOException {
            json.writeStartObject();
            json.writeStringField("id", id);
            json.writeStringField("object", "model");
            json.writeNumberField("created", createdSeconds);
            json.writeStringField("owned_by", ownedBy);
            json.writeStringField("root", root);
            json.writeNumberField("max_model_len", maxModelLen);
            json.writeEndObject();
        }
    }

    public ModelList {
        models = List.copyOf(models);
    }

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("object", "list");
        json.writeArrayFieldStart("data");
        for (Model model : models) {
            model.writeTo(json);
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
