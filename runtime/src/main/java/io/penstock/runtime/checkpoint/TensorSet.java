package io.penstock.runtime.checkpoint;

import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tensors of all files of a checkpoint, compared with those that its configuration asks for. */
final class TensorSet {
    private final Path directory;
    private final ModelConfig config;
    private final Map<String, SafetensorsFile> fileOfTensor = new LinkedHashMap<>();
    private final Set<String> wanted = new HashSet<>();
    private final boolean[] fused;
    private final List<String> problems = new ArrayList<>();

    TensorSet(Path directory, ModelConfig config, Collection<SafetensorsFile> files) {
        this.directory = directory;
        this.config = config;
        this.fused = new boolean[config.numLayers()];
        for (SafetensorsFile file : files) {
            file.names().forEach(name -> fileOfTensor.put(name, file));
        }
        check(TensorShapes.withoutExperts(config));
        checkExperts();
        checkHead();
        checkUnexpected();
    }

    /** A line for everything that keeps the checkpoint from being used. */
    List<String> problems() {
        return problems;
    }

    /** Whether the layer's experts are fused into two tensors. */
    boolean isFused(int layer) {
        return fused[layer];
    }

    boolean hasHead() {
        return fileOfTensor.containsKey(TensorNames.LM_HEAD);
    }

    int size() {
        return fileOfTensor.size();
    }

    /** A tensor that the configuration asks for. */
    TensorData tensor(String name) {
        if (!wanted.contains(name)) {
            throw new IllegalArgumentException("no tensor " + name + " in this model");
        }
        return fileOfTensor.get(name).tensor(name);
    }

    private void checkExperts() {
        for (int layer = config.feedForward().numDenseLayers(); layer < config.numLayers(); layer++) {
            Map<String, long[]> fusedShapes = TensorShapes.fusedExperts(config, layer);
            Map<String, long[]> expertShapes = TensorShapes.experts(config, layer);
            String fusedName = firstPresent(fusedShapes.keySet());
            String expertName = firstPresent(expertShapes.keySet());
            if (fusedName != null && expertName != null) {
                problems.add(fileOfTensor.get(fusedName).path() + ": tensor " + StrictJson.quote(fusedName)
                        + " is fused, but layer " + layer + " also has " + StrictJson.quote(expertName)
                        + "; one form is expected");
                wanted.addAll(fusedShapes.keySet());
                wanted.addAll(expertShapes.keySet());
            } else {
                fused[layer] = fusedName != null;
                check(fused[layer] ? fusedShapes : expertShapes);
            }
        }
    }

    private String firstPresent(Collection<String> names) {
        for (String name : names) {
            if (fileOfTensor.containsKey(name)) {
                return name;
            }
        }
        return null;
    }

    private void checkHead() {
        if (hasHead()) {
            check(Map.of(TensorNames.LM_HEAD, new long[] {config.vocabSize(), config.hiddenSize()}));
        }
    }

    private void checkUnexpected() {
        fileOfTensor.forEach((name, file) -> {
            if (!wanted.contains(name)) {
                problems.add(file.path() + ": tensor " + StrictJson.quote(name)
                        + " is unexpected: config.json describes no such tensor");
            }
        });
    }

    private void check(Map<String, long[]> shapes) {
        wanted.addAll(shapes.keySet());
        shapes.forEach((name, shape) -> {
            SafetensorsFile file = fileOfTensor.get(name);
            if (file == null) {
                problems.add(directory + ": tensor " + StrictJson.quote(name) + " is missing; config.json asks for "
                        + Arrays.toString(shape));
            } else if (!Arrays.equals(file.shape(name), shape)) {
                problems.add(file.path() + ": tensor " + StrictJson.quote(name) + " is " + file.describe(name)
                        + "; config.json asks for " + Arrays.toString(shape));
            } else if (DType.ofName(file.dtypeName(name)) == null) {
                problems.add(file.path() + ": tensor " + StrictJson.quote(name) + " is " + file.describe(name)
                        + "; BF16, F16 or F32 is expected");
            }
        });
    }
}
