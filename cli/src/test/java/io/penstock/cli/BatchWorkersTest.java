package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code penstock batch --workers} with servers in processes of their own, of which one dies and comes back. */
class BatchWorkersTest {
    private static final int NUM_LINES = 90;

    /** A place on the loopback network that Linux gives to nobody by itself. */
    private static final int FIRST_PORT = 21_377;

    /** Of the same bits, and in use sooner: the Vector API is slow until it is compiled. */
    private static final List<String> SCALAR = List.of("-Dpenstock.cpu.kernels=scalar");

    private final List<ServeProcess> servers = new ArrayList<>();

    @TempDir
    private Path folder;

    @AfterEach
    void stop() throws InterruptedException {
        for (ServeProcess server : servers) {
            server.close();
            server.process.waitFor();
        }
    }

    private Path input() throws IOException {
        var text = new StringBuilder();
        for (int i = 0; i < NUM_LINES; i++) {
            text.append("{\"custom_id\": \"").append(i).append("\", \"prompt\": \"Tell ").append(i % 7)
                    .append("\", \"temperature\": 1, \"ignore_eos\": true, \"max_tokens\": ").append(8 + i % 16)
                    .append("}\n");
        }
        return Files.writeString(folder.resolve("in.jsonl"), text);
    }

    private static List<String> sorted(Path file) throws IOException {
        return Files.readAllLines(file).stream().sorted().toList();
    }

    @Test
    void aWorkerThatIsKilledAndComesBackCostsNothing() throws Exception {
        for (int i = 0; i < 3; i++) {
            servers.add(ServeProcess.startAt(i == 0 ? FIRST_PORT : 0, SCALAR));
        }
        Path input = input();
        Path output = folder.resolve("out.jsonl");
        Path part = folder.resolve("out.jsonl.part");
        String workers = servers.stream().map(server -> "127.0.0.1:" + server.grpcPort())
                .collect(Collectors.joining(","));
        var job = CompletableFuture.supplyAsync(() -> Invocation.of(
                "batch", "-i", input.toString(), "-o", output.toString(), "--workers", workers));
        awaitLines(part, NUM_LINES / 8, job);
        servers.getFirst().process.destroyForcibly().waitFor();
        awaitLines(part, NUM_LINES / 4, job);
        ServeProcess again = ServeProcess.startAt(FIRST_PORT, SCALAR);
        servers.add(again);

        Invocation run = job.get(120, TimeUnit.SECONDS);
        assertEquals(0, run.exitCode(), run::err);
        Path here = folder.resolve("here.jsonl");
        assertEquals(0, Invocation.of("batch", "-i", input.toString(), "-o", here.toString(), "--device", "cpu")
                .exitCode());
        assertEquals(NUM_LINES, sorted(output).size());
        assertEquals(sorted(here), sorted(output));
    }

    private static void awaitLines(Path file, int number, CompletableFuture<Invocation> job) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(file) || Files.readAllLines(file).size() < number) {
            assertTrue(System.nanoTime() < endNs && !job.isDone(), () -> "there are no " + number + " lines of it: "
                    + (job.isDone() ? job.join().err() : "it is slow"));
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }
}
