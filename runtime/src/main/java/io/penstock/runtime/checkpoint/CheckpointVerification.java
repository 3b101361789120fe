package io.penstock.runtime.checkpoint;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ConfigReader;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a whole checkpoint once and says everything that is wrong with it, not only what comes first. */
public final class CheckpointVerification {
    private static final int CHUNK = 1 << 14;

    private final Path directory;
    private final List<String> problems = new ArrayList<>();
    private final float[] values = new float[CHUNK];

    private CheckpointVerification(Path directory) {
        this.directory = directory;
    }

    /**
     * A line for each problem; none if the checkpoint is sound. Looks at the configuration, at every file, at the set
     * of tensors and at every weight: NaN, infinite, or a matrix of zeros alone.
     */
    public static List<String> problems(Path directory) {
        var verification = new CheckpointVerification(directory);
        verification.run();
        return List.copyOf(verification.problems);
    }

    private void run() {
        try {
            Checkpoint.requireDirectory(directory);
        } catch (InputException e) {
            problems.add(e.getMessage());
            return;
        }
        ModelConfig config = readConfig();
        var files = new LinkedHashMap<Path, SafetensorsFile>();
        try {
            WeightFiles weights = WeightFiles.find(directory);
            boolean allOpen = openEach(weights, files);
            if (allOpen && config != null) {
                var tensors = new TensorSet(directory, config, files.values());
                problems.addAll(Checkpoint.problems(weights, files, tensors));
            }
            files.values().forEach(this::readFile);
        } catch (InputException e) {
            problems.add(e.getMessage());
        } finally {
            files.values().forEach(SafetensorsFile::close);
        }
    }

    private ModelConfig readConfig() {
        try {
            return ConfigReader.read(directory.resolve(Checkpoint.CONFIG));
        } catch (InputException e) {
            problems.add(e.getMessage());
            return null;
        }
    }

    private boolean openEach(WeightFiles weights, Map<Path, SafetensorsFile> files) {
        for (Path path : weights.paths()) {
            try {
                files.put(path, weights.open(path));
            } catch (InputException e) {
                problems.add(e.getMessage());
            }
        }
        return files.size() == weights.paths().size();
    }

    private void readFile(SafetensorsFile file) {
        try {
            for (String name : file.names()) {
                if (DType.ofName(file.dtypeName(name)) != null) {
                    readTensor(file, file.tensor(name));
                }
            }
        } catch (InternalError e) {
            // The JVM's answer to a fault in mapped memory: the disk failed, or the file was cut while it was mapped.
            problems.add(file.path() + " could not be read to its end: " + e.getMessage());
        }
    }

    private void readTensor(SafetensorsFile file, TensorData tensor) {
        long numNotFinite = 0;
        long firstNotFinite = -1;
        boolean onlyZeros = tensor.numElements() > 0;
        for (long from = 0; from < tensor.numElements(); from += CHUNK) {
            int count = (int) Math.min(CHUNK, tensor.numElements() - from);
            tensor.readFloats(from, values, 0, count);
            int notFinite = FloatBits.numNotFinite(values, count);
            if (notFinite > 0 && firstNotFinite < 0) {
                firstNotFinite = from + indexOfNotFinite(count);
            }
            numNotFinite += notFinite;
            onlyZeros = onlyZeros && FloatBits.isZero(values, count);
        }
        String subject = file.path() + ": tensor " + StrictJson.quote(tensor.name());
        if (numNotFinite > 0) {
            problems.add(subject + " holds " + numNotFinite + " NaN or infinite values, the first at element "
                    + firstNotFinite);
        }
        if (onlyZeros && tensor.shape().length > 1) {
            problems.add(subject + " holds only zeros; the file may be incomplete");
        }
    }

    private int indexOfNotFinite(int count) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                return i;
            }
        }
        throw new AssertionError("every value is finite");
    }
}
