package io.penstock.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The files of the repository that the tests run in: those that git tracks or would, or all where there is no git. */
final class SourceTree {
    private static final Set<String> BUILD_OUTPUT = Set.of("target", ".git", ".idea", ".venv", ".vscode");

    private SourceTree() {}

    static Path root() {
        return Path.of(System.getProperty("basedir", ".")).resolve("..").toAbsolutePath().normalize();
    }

    /** Paths below the root, with slashes, sorted. */
    static List<String> files() {
        List<String> files = Files.exists(root().resolve(".git"))
                ? git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
                : walk(root());
        return files.stream()
                .filter(file -> Files.isRegularFile(root().resolve(file)))
                .sorted()
                .toList();
    }

    static List<String> files(Predicate<String> wanted) {
        return files().stream().filter(wanted).toList();
    }

    static String read(String file) {
        try {
            return Files.readString(root().resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    static long numBytes(String file) {
        try {
            return Files.size(root().resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    private static List<String> git(String... arguments) {
        List<String> command = new ArrayList<>(List.of("git", "-C", root().toString()));
        command.addAll(List.of(arguments));
        try {
            Process git = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String out = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (git.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + " failed; see above");
            }
            return List.of(out.split("\0"));
        } catch (IOException e) {
            return walk(root());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> walk(Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.map(path -> root.relativize(path))
                    .filter(path -> Stream.iterate(path, p -> p != null, Path::getParent)
                            .noneMatch(p -> BUILD_OUTPUT.contains(p.getFileName().toString())))
                    .map(path -> path.toString().replace('\\', '/'))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
