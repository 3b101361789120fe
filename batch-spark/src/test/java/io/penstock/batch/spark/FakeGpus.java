package io.penstock.batch.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The GPUs of a machine that has others, or none: {@code bin/penstock-gpus} with another {@code nvidia-smi}. */
final class FakeGpus {
    private static final Path SCRIPT = Path.of("bin/penstock-gpus").toAbsolutePath();

    private FakeGpus() {}

    /**
     * A discovery script for Spark.
     *
     * @param directory for its files
     * @param nvidiaSmi what its {@code nvidia-smi} does when it is asked as NVIDIA's may be, in shell; null for none
     */
    static Path discoveryScript(Path directory, String nvidiaSmi) throws IOException {
        if (nvidiaSmi != null) {
            executable(directory.resolve("nvidia-smi"), "[ \"$*\" = '--query-gpu=index --format=csv,noheader' ]"
                    + " || exit 2\n" + nvidiaSmi);
        }
        return executable(directory.resolve("penstock-gpus"),
                "PATH='" + directory + "'\nexec '" + SCRIPT + "'");
    }

    private static Path executable(Path file, String commands) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + commands + "\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
