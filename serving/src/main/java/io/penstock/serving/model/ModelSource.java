package io.penstock.serving.model;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ConfigReader;
import io.penstock.runtime.config.GenerationConfig;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.hub.HubCache;
import io.penstock.runtime.hub.ModelReference;
import io.penstock.runtime.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.IntConsumer;

/**
 * A model before it is loaded.
 *
 * @param name as the user called it
 * @param directory of the tokenizer, the template and, unless dummy, the weights
 * @param isDummy whether the weights are random
 */
public record ModelSource(String name, Path directory, ModelConfig config, boolean isDummy) {
    private static final long DUMMY_SEED = 0;

    /** The model that a user names: a checkpoint's directory, or {@code ORG/NAME[@REVISION]} in the hub cache. */
    public static ModelSource of(String model) {
        return read(model, directory(model), false);
    }

    /** The model in a directory; reads its configuration and no more. */
    public static ModelSource read(String name, Path directory, boolean isDummy) {
        return new ModelSource(name, directory, ConfigReader.read(directory.resolve("config.json")), isDummy);
    }

    /** The directory that a user's name of a model means: a folder, or a cached snapshot. */
    public static Path directory(String model) {
        Path path;
        try {
            path = Path.of(model);
        } catch (InvalidPathException e) {
            throw new InputException("the model's name is no path: " + e.getMessage(), e);
        }
        if (Files.isDirectory(path)) {
            return path;
        }
        if (Files.exists(path)) {
            throw new InputException(path + " is not a directory; give the directory that holds config.json");
        }
        if (!model.matches("[^./~][^/\\\\]*/[^/\\\\]+(@.*)?")) {
            throw new InputException("there is no directory " + model
                    + ": give a checkpoint's directory, or ORG/NAME of a hub");
        }
        ModelReference reference = ModelReference.parse(model);
        return HubCache.of(System.getenv()).snapshot(reference).orElseThrow(() -> new InputException(
                reference + " is neither a directory nor downloaded: run penstock pull " + reference));
    }

    /** Reads the tokenizer; one with more ids than the embedding has rows is refused. */
    public Tokenizer tokenizer() {
        Path file = directory.resolve("tokenizer.json");
        Tokenizer tokenizer = Tokenizer.load(file);
        if (tokenizer.vocabSize() > config.vocabSize()) {
            throw new InputException(file + " has " + tokenizer.vocabSize() + " token ids, but the model's vocab_size"
                    + " is " + config.vocabSize() + ": take both from one model");
        }
        return tokenizer;
    }

    /** What the makers recommend for sampling. */
    public GenerationConfig generationConfig() {
        return GenerationConfig.read(directory.resolve("generation_config.json"), config.vocabSize());
    }

    /** The ids that end an answer; with a shape's random weights those of the tokenizer's own model. */
    public int[] eosTokenIds() {
        ModelConfig own = isDummy ? ConfigReader.read(directory.resolve("config.json")) : config;
        return generationConfig().eosTokenIds(own).stream().mapToInt(Integer::intValue).toArray();
    }

    /** The weights; to be closed. */
    public ModelTensors openTensors() {
        return isDummy ? new DummyCheckpoint(config, DUMMY_SEED) : Checkpoint.open(directory);
    }

    /**
     * Loads the weights for the CPU and allocates everything that {@code limits} asks for.
     *
     * @param layerLoaded told the number of layers read so far
     */
    public CpuModel load(ModelLimits limits, CpuModel.Options options, IntConsumer layerLoaded) {
        try (ModelTensors tensors = openTensors()) {
            return new CpuModel(tensors, limits, options, layerLoaded);
        }
    }
}
