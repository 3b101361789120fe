package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where this program lies, and what lies beside it. */
final class Installation {
    private static final Path DEMO_MODEL = Path.of("models", "penstock-demo");

    private Installation() {}

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
