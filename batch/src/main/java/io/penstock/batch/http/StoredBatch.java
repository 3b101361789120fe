package io.penstock.batch.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.serving.openai.response.JsonBody;
import java.io.IOException;

/**
 * A batch as it stands in its file, which is what clients see of it.
 *
 * @param json OpenAI's object; not changed any more
 */
record StoredBatch(ObjectNode json) implements JsonBody {
    private static final JsonMapper MAPPER = new JsonMapper();

    /** What becomes of a batch. */
    enum Status {
        VALIDATING, IN_PROGRESS, FINALIZING, COMPLETED, FAILED, EXPIRED, CANCELLING, CANCELLED;

        String wireName() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        boolean isOver() {
            return switch (this) {
                case COMPLETED, FAILED, EXPIRED, CANCELLED -> true;
                case VALIDATING, IN_PROGRESS, FINALIZING, CANCELLING -> false;
            };
        }
    }

    /** @param metadata of the client, or null */
    static StoredBatch begun(
            String id, String endpoint, String inputFileId, String window, long nowSeconds, long seconds,
            JsonNode metadata) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("id", id).put("object", "batch").put("endpoint", endpoint).putNull("errors");
        json.put("input_file_id", inputFileId).put("completion_window", window);
        json.put("status", Status.VALIDATING.wireName()).putNull("output_file_id").putNull("error_file_id");
        json.put("created_at", nowSeconds).putNull("in_progress_at").put("expires_at", nowSeconds + seconds);
        for (Status status : Status.values()) {
            if (status != Status.VALIDATING && status != Status.IN_PROGRESS) {
                json.putNull(status.wireName() + "_at");
            }
        }
        json.putObject("request_counts").put("total", 0).put("completed", 0).put("failed", 0);
        json.set("metadata", metadata);
        return new StoredBatch(json);
    }

    String id() {
        return json.get("id").asText();
    }

    String inputFileId() {
        return json.get("input_file_id").asText();
    }

    long createdSeconds() {
        return json.get("created_at").asLong();
    }

    long expiresSeconds() {
        return json.get("expires_at").asLong();
    }

    Status status() {
        return Status.valueOf(json.get("status").asText().toUpperCase(java.util.Locale.ROOT));
    }

    /** This in another state from now on. */
    StoredBatch with(Status status, long nowSeconds) {
        ObjectNode copy = json.deepCopy();
        copy.put("status", status.wireName()).put(status.wireName() + "_at", nowSeconds);
        return new StoredBatch(copy);
    }

    StoredBatch withCounts(long total, long completed, long failed) {
        ObjectNode copy = json.deepCopy();
        copy.putObject("request_counts").put("total", total).put("completed", completed).put("failed", failed);
        return new StoredBatch(copy);
    }

    /** @param output the file of results, or null; @param errors that of failed lines, or null */
    StoredBatch withFiles(String output, String errors) {
        ObjectNode copy = json.deepCopy();
        copy.put("output_file_id", output).put("error_file_id", errors);
        return new StoredBatch(copy);
    }

    StoredBatch withError(String code, String message) {
        ObjectNode copy = json.deepCopy();
        ObjectNode errors = copy.putObject("errors").put("object", "list");
        errors.putArray("data").addObject().put("code", code).put("message", message).putNull("param").putNull("line");
        return new StoredBatch(copy);
    }

    @Override
    public void writeTo(JsonGenerator out) throws IOException {
        out.setCodec(MAPPER);
        out.writeTree(json);
    }
}
