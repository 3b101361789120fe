package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server as a process: it gets ready, answers, and ends when it is told to. */
class ServeTest {
    @TempDir
    Path folder;

    private ServeProcess server;

    @AfterEach
    void end() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void sigtermFinishesWhatWasTaken() throws Exception {
        Path log = folder.resolve("requests.jsonl");
        server = ServeProcess.start("--request-log", log.toString());
        assertTrue(server.said.stream().anyMatch(line -> line.matches(" +first step +[\\d.]+ s")),
                server.said::toString);
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertEquals(200, client.send(HttpRequest.newBuilder(server.address.resolve("/health")).build(),
                    HttpResponse.BodyHandlers.ofString()).statusCode());
            CompletableFuture<HttpResponse<String>> answer =
                    client.sendAsync(server.completion(300, false), HttpResponse.BodyHandlers.ofString());
            server.awaitRunning(client, 1);
            server.terminate();
            assertEquals(200, answer.get(60, TimeUnit.SECONDS).statusCode());
            assertTrue(answer.get().body().contains("\"completion_tokens\":300"), answer.get()::body);
        }
        server.awaitEnd(0);
        assertTrue(server.said.contains("penstock: shutting down; 1 requests are being finished"),
                server.said::toString);
        String lines = Files.readString(log);
        assertTrue(lines.contains("\"output_tokens\":300") && !lines.contains("quick"), lines);
    }

    @Test
    void whatIsNotDoneInTimeIsCutOffAndSaid() throws Exception {
        server = ServeProcess.start("--shutdown-timeout", "0");
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.sendAsync(server.completion(4000, false), HttpResponse.BodyHandlers.ofString());
            server.awaitRunning(client, 1);
            server.terminate();
            server.awaitEnd(1);
        }
        assertTrue(server.said.stream().anyMatch(line -> line.contains("cut off")), server.said::toString);
    }

    static Stream<Arguments> badOptions() {
        return Stream.of(
                bad(2, "--grpc-port must be between 0 and 65535, not 70000", "--grpc-port", "70000"),
                bad(2, "--shutdown-timeout must be between 0 and 86400, not -1", "--shutdown-timeout", "-1"),
                bad(2, "--slow-reader-timeout must be between 1 and 86400, not 0", "--slow-reader-timeout", "0"),
                bad(2, "--io-threads must be between 1 and 256, not 0", "--io-threads", "0"),
                bad(2, "Invalid value for option '--port': 'http'", "--port", "http"),
                bad(1, "TLS needs a certificate and its key", "--tls-cert", "pom.xml"),
                bad(1, "there is no readable file no.pem", "--tls-cert", "no.pem", "--tls-key", "no.key"),
                bad(1, "there is no address of --host nowhere.invalid", "--host", "nowhere.invalid"),
                bad(1, "there is no directory no-such-model", "--model", "no-such-model"),
                bad(1, "the request log cannot be written to", "--request-log", "/dev/null/log"));
    }

    private static Arguments bad(int exitCode, String message, String... options) {
        return Arguments.of(message, exitCode, options);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badOptions")
    void badOptionIsOneLine(String message, int exitCode, String[] options) {
        List<String> args = new ArrayList<>(List.of("serve", "--max-num-seqs", "2"));
        args.addAll(List.of(options));
        Invocation run = Invocation.of(args.toArray(String[]::new));
        assertTrue(run.err().contains(message), run::err);
        assertEquals(1, run.err().lines().count(), run::err);
        assertEquals(exitCode, run.exitCode());
    }
}
