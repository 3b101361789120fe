package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Where this program lies, and what lies beside it. */
final class Installation {
    /** What the bundled model is served as. */
    static final String DEMO_NAME = "penstock-demo";

    private static final Path DEMO_MODEL = Path.of("models", DEMO_NAME);
    private static final Path EVALUATION_SET = Path.of("demo-data", "eval.jsonl");

    private Installation() {}

    /** The version of this build. */
    static String version() {
        Properties properties = new Properties();
        try (InputStream in = Penstock.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    /** Whether this is the bundle for checking a GPU, whose launcher says so: it lacks what only other work needs. */
    static boolean isBundle() {
        return Boolean.getBoolean("penstock.bundle");
    }

    /** The bundled demo checkpoint, in the nearest folder above the program's classes that has it. */
    static Path demoModel() {
        return above(DEMO_MODEL, "give a model with --model DIR or --model ORG/NAME");
    }

    /** The demo model's evaluation set, found in the same way. */
    static Path evaluationSet() {
        return above(EVALUATION_SET, "give questions with --data FILE");
    }

    private static Path above(Path wanted, String otherwise) {
        Path classes;
        try {
            classes = Path.of(Installation.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        for (Path folder = classes; folder != null; folder = folder.getParent()) {
            Path found = folder.resolve(wanted);
            if (Files.exists(found)) {
                return found;
            }
        }
        throw new InputException("the bundled " + wanted + " is not above " + classes + ": " + otherwise);
    }
}
