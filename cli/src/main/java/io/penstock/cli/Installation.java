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
    private static final Path DEMO_MODEL = Path.of("models", "penstock-demo");

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

    /** The bundled demo checkpoint, in the nearest folder above the program's classes that has it. */
    static Path demoModel() {
        Path classes;
        try {
            classes = Path.of(Installation.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        for (Path folder = classes; folder != null; folder = folder.getParent()) {
            Path model = folder.resolve(DEMO_MODEL);
            if (Files.isDirectory(model)) {
                return model;
            }
        }
        throw new InputException("the bundled " + DEMO_MODEL + " is not above " + classes
                + ": give a model with --model DIR or --model ORG/NAME");
    }
}
