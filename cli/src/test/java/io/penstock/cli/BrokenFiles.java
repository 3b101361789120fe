package io.penstock.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Files that a user should not have given, in a folder of their own. */
final class BrokenFiles {
    private final Path folder;

    BrokenFiles(Path folder) {
        this.folder = folder;
    }

    String folder() {
        return folder.toString();
    }

    String absent() {
        return folder.resolve("absent").toString();
    }

    String text(String name, String content) {
        return bytes(name, content.getBytes(StandardCharsets.UTF_8));
    }

    String bytes(String name, byte[] content) {
        try {
            return Files.write(folder.resolve(name), content).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy of the demo model of which one file has another content; null takes the file away. */
    String model(String name, String file, byte[] content) {
        Path model = folder.resolve(name);
        try {
            Files.createDirectories(model);
            try (var files = Files.list(Installation.demoModel())) {
                for (Path from : files.toList()) {
                    Files.copy(from, model.resolve(from.getFileName()));
                }
            }
            Files.delete(model.resolve(file));
            if (content != null) {
                Files.write(model.resolve(file), content);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return model.toString();
    }

    String model(String name, String file, String content) {
        return model(name, file, content.getBytes(StandardCharsets.UTF_8));
    }

    /** A copy of the demo model with a word of a file replaced. */
    String edited(String name, String file, String from, String to) {
        String content = demo(file);
        if (!content.contains(from)) {
            throw new IllegalArgumentException(file + " does not hold " + from);
        }
        return model(name, file, content.replace(from, to));
    }

    /** A copy of the demo model of which one file ends early. */
    String truncated(String name, String file, int numBytes) {
        return model(name, file, Arrays.copyOf(demoBytes(file), numBytes));
    }

    private static String demo(String file) {
        return new String(demoBytes(file), StandardCharsets.UTF_8);
    }

    private static byte[] demoBytes(String file) {
        try {
            return Files.readAllBytes(Installation.demoModel().resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
