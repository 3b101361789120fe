package io.penstock.batch.journal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * What job a journal and its results are of.
 *
 * @param version of Penstock that began it
 * @param input what the input is told by
 * @param settings everything else that results depend on: model, template, sampling, limits
 * @param summary what came of it; null until it is done
 */
public record Manifest(String version, Input input, ObjectNode settings, ObjectNode summary) {
    private static final int FORMAT = 1;
    private static final JsonMapper MAPPER = new JsonMapper();

    /**
     * An input.
     *
     * @param sha256 of all of it; empty for a pipe
     * @param modifiedMs when it was last looked at; not what it is told by
     * @param records 0 for a pipe
     */
    public record Input(String name, String sha256, long bytes, long modifiedMs, long records) {
        public boolean isSame(Input other) {
            return sha256.equals(other.sha256) && bytes == other.bytes;
        }
    }

    /** Settings with numbers of the types that they have when they are read again. */
    static ObjectNode asStored(ObjectNode settings) {
        try {
            return (ObjectNode) MAPPER.readTree(MAPPER.writeValueAsBytes(settings));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The manifest of a job, or null if none was begun. */
    static Manifest read(Disk disk, JobFiles files) throws IOException {
        if (disk.size(files.manifest()) < 0) {
            return null;
        }
        ObjectNode json = StrictJson.parseObject(disk.read(files.manifest()), files.manifest().toString());
        if (json.path("format").asInt() != FORMAT) {
            throw new InputException(files.manifest() + " is none that this version writes: run with"
                    + " the version that began the job, or begin anew with --restart");
        }
        JsonNode input = json.path("input");
        return new Manifest(json.path("version").asText(),
                new Input(input.path("name").asText(), input.path("sha256").asText(), input.path("bytes").asLong(),
                        input.path("modified_ms").asLong(), input.path("records").asLong()),
                json.path("settings") instanceof ObjectNode settings ? settings : JsonNodeFactory.instance.objectNode(),
                json.path("summary") instanceof ObjectNode summary ? summary : null);
    }

    void write(Disk disk, JobFiles files) throws IOException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("format", FORMAT).put("version", version);
        json.putObject("input").put("name", input.name).put("sha256", input.sha256).put("bytes", input.bytes)
                .put("modified_ms", input.modifiedMs).put("records", input.records);
        json.set("settings", settings);
        json.set("summary", summary);
        disk.replace(files.manifest(), MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
    }

    Manifest withSummary(ObjectNode other) {
        return new Manifest(version, input, settings, other);
    }

    /** The first setting that another job has otherwise, or null. */
    String difference(ObjectNode others) {
        for (Map.Entry<String, JsonNode> field : others.properties()) {
            if (!field.getValue().equals(settings.get(field.getKey()))) {
                return field.getKey();
            }
        }
        for (Map.Entry<String, JsonNode> field : settings.properties()) {
            if (!others.has(field.getKey())) {
                return field.getKey();
            }
        }
        return null;
    }
}
