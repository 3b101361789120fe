package io.penstock.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceCommitTest {
    @TempDir
    private Path root;

    @Test
    void tellsIdAndChangesButNotThoseOfResults() throws IOException, InterruptedException {
        git("init", "-q");
        assertEquals("unknown", SourceCommit.read(root));
        Path source = Files.writeString(root.resolve("source"), "one");
        Path module = Files.createDirectories(root.resolve("module"));
        git("add", "source");
        git("-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "commit.gpgsign=false", "commit", "-qm", "c");
        String id = SourceCommit.read(root);
        assertTrue(id.matches("[0-9a-f]{40}"), id);
        assertEquals(id, SourceCommit.read(module));

        Files.createDirectories(root.resolve("bench/results"));
        Files.writeString(root.resolve("bench/results/cpu.jsonl"), "{}\n");
        assertEquals(id, SourceCommit.read(root));
        assertEquals(id, SourceCommit.read(module));

        Files.writeString(source, "two");
        assertEquals(id + "-dirty", SourceCommit.read(module));
        Files.writeString(source, "one");
        Files.writeString(root.resolve("untracked"), "");
        assertEquals(id + "-dirty", SourceCommit.read(root));
    }

    @Test
    void isUnknownOutsideARepository() {
        assertEquals("unknown", SourceCommit.read(root.resolve("absent")));
    }

    @Test
    void contextOfThisMachineIsValid() {
        RunContext context = RunContext.onCpu(root.resolve("absent"), Instant.EPOCH, "./penstock bench");
        assertEquals("unknown", context.commit());
        assertEquals(Instant.EPOCH, context.date());
        assertTrue(context.jdk().contains(Runtime.version().toString()), context.jdk());
    }

    private void git(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-C", root.toString()));
        command.addAll(List.of(arguments));
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), () -> String.join(" ", command));
    }
}
