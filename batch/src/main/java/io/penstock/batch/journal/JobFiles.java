package io.penstock.batch.journal;

import java.nio.file.Path;

/**
 * Where a job's files are. Results are written beside the output, in {@code .part}, and get its name when the job is
 * done.
 *
 * @param output where the results go
 * @param errors where the results of failed lines go; null for the same
 */
public record JobFiles(Path output, Path errors) {
    private static final String PART = ".part";
    private static final String FOLDER = ".job";

    Path outputPart() {
        return beside(output, PART);
    }

    /** Null without a file of errors. */
    Path errorsPart() {
        return errors == null ? null : beside(errors, PART);
    }

    /** What is known of the job but its results. */
    public Path folder() {
        return beside(output, FOLDER);
    }

    Path manifest() {
        return folder().resolve("manifest.json");
    }

    Path journal() {
        return folder().resolve("journal");
    }

    Path lock() {
        return folder().resolve("lock");
    }

    private static Path beside(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }
}
