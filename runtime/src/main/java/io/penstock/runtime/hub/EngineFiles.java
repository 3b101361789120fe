package io.penstock.runtime.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** Which files of a repository an engine needs: configuration, tokenizer, and the weights in safetensors. */
final class EngineFiles {
    /** All the weights in one file; goes before an index, as in the field's other loaders. */
    static final String WEIGHTS = "model.safetensors";
    /** Names the shards of weights that are not in one file. */
    static final String INDEX = "model.safetensors.index.json";

    private static final List<String> REQUIRED = List.of("config.json", "tokenizer.json");
    private static final List<String> OPTIONAL =
            List.of("generation_config.json", "tokenizer_config.json", "chat_template.jinja");
    private static final List<String> DOCUMENTS = List.of("LICENSE", "LICENSE.txt", "LICENSE.md", "README.md");
    private static final long MAX_INDEX_BYTES = 64 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private EngineFiles() {
    }

    /**
     * The listed files to fetch before the weights, the index of sharded weights among them.
     *
     * @throws InputException where the repository holds no model that can be run
     */
    static List<String> beforeWeights(Collection<String> listed, ModelReference model) {
        for (String file : REQUIRED) {
            if (!listed.contains(file)) {
                throw new InputException(model + " has no " + file
                        + ": give a repository of a whole model with tokenizer and safetensors weights");
            }
        }
        List<String> files = new ArrayList<>(REQUIRED);
        OPTIONAL.stream().filter(listed::contains).forEach(files::add);
        DOCUMENTS.stream().filter(listed::contains).forEach(files::add);
        if (!listed.contains(WEIGHTS)) {
            if (!listed.contains(INDEX)) {
                throw new InputException(model + " has neither " + WEIGHTS + " nor " + INDEX
                        + ": give a repository with safetensors weights (not GGUF, ONNX or adapters)");
            }
            files.add(INDEX);
        }
        return files;
    }

    /** The weights, by the index in {@code snapshot} where they are sharded. */
    static List<String> weights(Collection<String> listed, Path snapshot, ModelReference model) {
        if (listed.contains(WEIGHTS)) {
            return List.of(WEIGHTS);
        }
        List<String> shards;
        try {
            shards = shards(snapshot.resolve(INDEX));
        } catch (IOException e) {
            throw new InputException(INDEX + " of " + model + " cannot be used: " + HubNames.reason(e), e);
        }
        for (String shard : shards) {
            HubNames.requireSafeFile(shard, model);
            if (!listed.contains(shard)) {
                throw new InputException(model + " lacks the shard " + HubNames.shown(shard) + " that its "
                        + INDEX + " names: the upload is not complete");
            }
        }
        return shards;
    }

    /** Whether a snapshot folder holds all that is needed. */
    static boolean complete(Path snapshot) {
        for (String file : REQUIRED) {
            if (!Files.isRegularFile(snapshot.resolve(file))) {
                return false;
            }
        }
        if (Files.isRegularFile(snapshot.resolve(WEIGHTS))) {
            return true;
        }
        try {
            for (String shard : shards(snapshot.resolve(INDEX))) {
                if (!HubNames.isSafeFile(shard) || !Files.isRegularFile(snapshot.resolve(shard))) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether {@code snapshot} also holds the optional files that a stored listing of its commit names. */
    static boolean completeByListing(Path snapshot, Path listing) {
        if (!Files.isRegularFile(listing)) {
            return true;
        }
        try {
            JsonNode files = JSON.readTree(listing.toFile()).path("files");
            return OPTIONAL.stream().allMatch(
                    file -> !files.has(file) || Files.isRegularFile(snapshot.resolve(file)));
        } catch (IOException e) {
            return true;
        }
    }

    private static List<String> shards(Path index) throws IOException {
        if (Files.size(index) > MAX_INDEX_BYTES) {
            throw new IOException("it has more than " + MAX_INDEX_BYTES + " bytes");
        }
        JsonNode weightMap = JSON.readTree(index.toFile()).path("weight_map");
        TreeSet<String> shards = new TreeSet<>();
        weightMap.forEach(shard -> shards.add(shard.asText()));
        if (!weightMap.isObject() || shards.isEmpty()) {
            throw new IOException("it has no weight_map");
        }
        return List.copyOf(shards);
    }
}
