package io.penstock.bench.results;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The commit that a working tree stands at, as {@code git} tells it, or as a bundle remembers it. */
final class SourceCommit {
    static final String UNKNOWN = "unknown";

    /** System property with the commit of a program that was taken away from its sources. */
    private static final String PROPERTY = "penstock.commit";

    private static final String DIRTY = "-dirty";
    private static final int TIMEOUT_SECONDS = 20;

    private SourceCommit() {
    }

    /**
     * The full id, with {@code -dirty} unless git says that nothing but the results is changed or untracked;
     * {@code unknown} without git, outside a repository or before the first commit.
     */
    static String read(Path repository) {
        String bundled = System.getProperty(PROPERTY);
        if (bundled != null && !bundled.isBlank()) {
            return bundled;
        }
        String id = git(repository, "rev-parse", "--verify", "HEAD");
        if (id == null) {
            return UNKNOWN;
        }
        String changes = git(repository, "status", "--porcelain", "--", ":/", ":(top,exclude)bench/results");
        return changes != null && changes.isEmpty() ? id : id + DIRTY;
    }

    private static String git(Path directory, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("GIT_OPTIONAL_LOCKS", "0");
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            CompletableFuture.delayedExecutor(TIMEOUT_SECONDS, TimeUnit.SECONDS).execute(process::destroyForcibly);
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? output : null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
