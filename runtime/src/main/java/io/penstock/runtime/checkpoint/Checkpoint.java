package io.penstock.runtime.checkpoint;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ConfigReader;
import io.penstock.runtime.config.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint directory, open: {@code config.json} and its safetensors, mapped. All tensors are accounted for when it
 * is opened, so that reading cannot fail later. A head that is stored beside the tied embedding is not read.
 */
public final class Checkpoint implements ModelTensors {
    static final String CONFIG = "config.json";
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);

    private final ModelConfig config;
    private final List<SafetensorsFile> files;
    private final TensorSet tensors;

    private Checkpoint(ModelConfig config, List<SafetensorsFile> files, TensorSet tensors) {
        this.config = config;
        this.files = files;
        this.tensors = tensors;
    }

    /** Opens a directory; what cannot be used is an {@link InputException} that names file, tensor and expectation. */
    public static Checkpoint open(Path directory) {
        requireDirectory(directory);
        ModelConfig config = ConfigReader.read(directory.resolve(CONFIG));
        WeightFiles weights = WeightFiles.find(directory);
        var files = new LinkedHashMap<Path, SafetensorsFile>();
        try {
            for (Path path : weights.paths()) {
                files.put(path, weights.open(path));
            }
            var tensors = new TensorSet(directory, config, files.values());
            List<String> problems = problems(weights, files, tensors);
            if (!problems.isEmpty()) {
                String more = problems.size() > 1 ? " (and " + (problems.size() - 1) + " more problems)" : "";
                throw new InputException(problems.getFirst() + more);
            }
            if (tensors.hasHead()) {
                LOG.info("{}: lm_head.weight is not read, the head is tied to the embedding", directory);
            }
            return new Checkpoint(config, List.copyOf(files.values()), tensors);
        } catch (InputException e) {
            files.values().forEach(SafetensorsFile::close);
            throw e;
        }
    }

    static void requireDirectory(Path directory) {
        if (!Files.exists(directory)) {
            throw new InputException(directory + " does not exist; give the directory of a checkpoint");
        }
        if (!Files.isDirectory(directory)) {
            throw new InputException(directory + " is not a directory; give the directory that holds " + CONFIG);
        }
    }

    /** Everything that is wrong with files that could be opened, a line each. */
    static List<String> problems(WeightFiles weights, Map<Path, SafetensorsFile> files, TensorSet tensors) {
        var problems = new ArrayList<>(weights.indexProblems(files));
        problems.addAll(tensors.problems());
        return problems;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    /** Tensors in the files. */
    public int numTensors() {
        return tensors.size();
    }

    /** The files that hold the weights. */
    public List<Path> paths() {
        return files.stream().map(SafetensorsFile::path).toList();
    }

    @Override
    public TensorData tensor(String name) {
        return tensors.tensor(name);
    }

    @Override
    public TensorData expertW1(int layer, int expert) {
        return isFused(layer, expert) ? gateOrUp(layer, expert, 0) : ModelTensors.super.expertW1(layer, expert);
    }

    @Override
    public TensorData expertW3(int layer, int expert) {
        return isFused(layer, expert) ? gateOrUp(layer, expert, 1) : ModelTensors.super.expertW3(layer, expert);
    }

    @Override
    public TensorData expertW2(int layer, int expert) {
        if (!isFused(layer, expert)) {
            return ModelTensors.super.expertW2(layer, expert);
        }
        long width = config.moe().expertWidth();
        long hidden = config.hiddenSize();
        return tensor(TensorNames.downProj(layer)).slice(expert * hidden * width, hidden, width);
    }

    /** Fused gate_up_proj is [experts, 2 · width, hidden]: an expert's w1 rows, then its w3 rows. */
    private TensorData gateOrUp(int layer, int expert, int half) {
        long width = config.moe().expertWidth();
        long hidden = config.hiddenSize();
        return tensor(TensorNames.gateUpProj(layer)).slice((2L * expert + half) * width * hidden, width, hidden);
    }

    private boolean isFused(int layer, int expert) {
        Objects.checkIndex(layer, config.numLayers());
        if (!tensors.isFused(layer)) {
            return false;
        }
        Objects.checkIndex(expert, config.moe().numExperts());
        return true;
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
