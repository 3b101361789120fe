package io.penstock.cli;

import java.nio.file.Path;

/** The repository that the tests run in. */
final class SourceTree {
    private SourceTree() {}

    static Path root() {
        return Path.of(System.getProperty("basedir", ".")).resolve("..").toAbsolutePath().normalize();
    }
}
