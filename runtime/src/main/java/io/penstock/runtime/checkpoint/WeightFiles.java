package io.penstock.runtime.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The files of a directory that hold its weights: {@code model.safetensors}, else the shards that
 * {@code model.safetensors.index.json} names.
 */
final class WeightFiles {
    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";
    private static final long MAX_INDEX_BYTES = 100_000_000;

    private final Path index;
    private final List<Path> paths;
    private final Map<String, Path> shards;

    private WeightFiles(Path index, Collection<Path> paths, Map<String, Path> shards) {
        this.index = index;
        this.paths = List.copyOf(paths);
        this.shards = shards;
    }

    /** Finds the files; {@link InputException} if there are none, or if the index does not make sense. */
    static WeightFiles find(Path directory) {
        Path single = directory.resolve(SINGLE);
        if (Files.exists(single)) {
            return new WeightFiles(null, List.of(single), Map.of());
        }
        Path index = directory.resolve(INDEX);
        if (!Files.exists(index)) {
            throw new InputException(directory + " has no weights: neither " + SINGLE + " nor " + INDEX + " is there"
                    + otherWeights(directory));
        }
        return ofIndex(directory, index);
    }

    private static WeightFiles ofIndex(Path directory, Path index) {
        ObjectNode json = StrictJson.parseObject(StrictJson.readBytes(index, MAX_INDEX_BYTES), index.toString());
        if (!(json.get("weight_map") instanceof ObjectNode weightMap)) {
            throw new InputException(index + ": weight_map is absent or not an object");
        }
        if (weightMap.isEmpty()) {
            throw new InputException(index + ": weight_map names no tensor");
        }
        var shards = new LinkedHashMap<String, Path>();
        for (var entry : weightMap.properties()) {
            if (!entry.getValue().isTextual()) {
                throw new InputException(index + ": tensor " + StrictJson.quote(entry.getKey())
                        + " is not mapped to a file name");
            }
            shards.put(entry.getKey(), shard(directory, index, entry.getValue().textValue()));
        }
        return new WeightFiles(index, new LinkedHashSet<>(shards.values()), shards);
    }

    private static Path shard(Path directory, Path index, String name) {
        Path relative;
        try {
            relative = Path.of(name);
        } catch (InvalidPathException e) {
            throw new InputException(index + ": " + StrictJson.quote(name) + " is not a file name", e);
        }
        boolean plain = !relative.isAbsolute() && !name.isEmpty();
        for (Path part : relative) {
            plain &= !part.toString().equals("..");
        }
        if (!plain) {
            throw new InputException(index + ": shard " + StrictJson.quote(name)
                    + " is not inside the checkpoint's directory");
        }
        return directory.resolve(relative).normalize();
    }

    private static String otherWeights(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".safetensors") || name.endsWith(".bin") || name.endsWith(".gguf"))
                    .sorted()
                    .findFirst()
                    .map(name -> name.endsWith(".safetensors")
                            ? " (there is " + StrictJson.quote(name) + ", but no index for it)"
                            : " (there is " + StrictJson.quote(name) + ", but only safetensors are read)")
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    /** Each file once, in the order in which the index names them. */
    List<Path> paths() {
        return paths;
    }

    /** Opens one of {@link #paths}. */
    SafetensorsFile open(Path path) {
        if (index != null && !Files.exists(path)) {
            throw new InputException(path + " is missing, but " + INDEX + " names it; fetch the checkpoint again");
        }
        return SafetensorsFile.open(path);
    }

    /** Where the index and the shards disagree, a line each; all of the files are open. */
    List<String> indexProblems(Map<Path, SafetensorsFile> files) {
        var problems = new ArrayList<String>();
        if (index == null) {
            return problems;
        }
        shards.forEach((name, path) -> {
            if (!files.get(path).contains(name)) {
                problems.add(index + ": tensor " + StrictJson.quote(name) + " is not in " + path.getFileName());
            }
        });
        files.forEach((path, file) -> {
            for (String name : file.names()) {
                if (!path.equals(shards.get(name))) {
                    problems.add(path + ": tensor " + StrictJson.quote(name) + " is not there according to " + INDEX);
                }
            }
        });
        return problems;
    }
}
