package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server as a process: it gets ready, answers, and ends when it is told to. */
class ServeTest {
    private static final Pattern READY = Pattern.compile("penstock: ready; http://127\\.0\\.0\\.1:(\\d+), gRPC at .*");

    @TempDir
    Path folder;

    private final List<String> said = new ArrayList<>();
    private Process server;

    @AfterEach
    void end() {
        if (server != null) {
            server.destroyForcibly();
        }
    }

    /** Starts a server and waits until it is ready; its HTTP address. */
    private URI start(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx512m",
                "-cp", System.getProperty("java.class.path"), Penstock.class.getName(),
                "serve", "--port", "0", "--grpc-port", "0", "--max-num-seqs", "4"));
        command.addAll(List.of(options));
        server = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader output = server.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.add(line);
            Matcher ready = READY.matcher(line);
            if (ready.matches()) {
                return URI.create("http://127.0.0.1:" + ready.group(1));
            }
        }
        throw new AssertionError("it never got ready: " + said);
    }

    private void awaitEnd(int exitCode) throws InterruptedException, IOException {
        assertTrue(server.waitFor(60, TimeUnit.SECONDS), "it goes on");
        server.inputReader().lines().forEach(said::add);
        assertEquals(exitCode, server.exitValue(), said::toString);
    }

    private static HttpRequest completion(URI address, int numTokens) {
        return HttpRequest.newBuilder(address.resolve("/v1/completions")).POST(HttpRequest.BodyPublishers.ofString(
                "{\"prompt\": \"The quick\", \"ignore_eos\": true, \"max_tokens\": " + numTokens + "}"))
                .header("Content-Type", "application/json").build();
    }

    @Test
    void sigtermFinishesWhatWasTaken() throws Exception {
        Path log = folder.resolve("requests.jsonl");
        URI address = start("--request-log", log.toString());
        assertTrue(said.stream().anyMatch(line -> line.matches(" +first step +[\\d.]+ s")), said::toString);
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertEquals(200, client.send(HttpRequest.newBuilder(address.resolve("/health")).build(),
                    HttpResponse.BodyHandlers.ofString()).statusCode());
            CompletableFuture<HttpResponse<String>> answer =
                    client.sendAsync(completion(address, 300), HttpResponse.BodyHandlers.ofString());
            awaitRunning(client, address);
            server.toHandle().destroy();
            assertEquals(200, answer.get(60, TimeUnit.SECONDS).statusCode());
            assertTrue(answer.get().body().contains("\"completion_tokens\":300"), answer.get()::body);
        }
        awaitEnd(0);
        assertTrue(said.contains("penstock: shutting down; 1 requests are being finished"), said::toString);
        String lines = Files.readString(log);
        assertTrue(lines.contains("\"output_tokens\":300") && !lines.contains("quick"), lines);
    }

    private static void awaitRunning(HttpClient client, URI address) throws IOException, InterruptedException {
        HttpRequest scrape = HttpRequest.newBuilder(address.resolve("/metrics")).build();
        String running = "vllm:num_requests_running{engine=\"0\",model_name=\"penstock-demo\"} 1.0";
        while (!client.send(scrape, HttpResponse.BodyHandlers.ofString()).body().contains(running)) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @Test
    void whatIsNotDoneInTimeIsCutOffAndSaid() throws Exception {
        URI address = start("--shutdown-timeout", "0");
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.sendAsync(completion(address, 4000), HttpResponse.BodyHandlers.ofString());
            awaitRunning(client, address);
            server.toHandle().destroy();
            awaitEnd(1);
        }
        assertTrue(said.stream().anyMatch(line -> line.contains("cut off")), said::toString);
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
