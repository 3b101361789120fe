package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server in a process of its own, as a user starts it. */
final class ServeProcess implements AutoCloseable {
    private static final Pattern READY =
            Pattern.compile("penstock: ready; http://127\\.0\\.0\\.1:(\\d+),.* gRPC at [^ ]*:(\\d+).*");

    /** All that it printed until it was ready, and after its end the rest. */
    final List<String> said = new ArrayList<>();
    final Process process;
    final URI address;
    private int grpcPort;

    private ServeProcess(Process process) throws IOException {
        this.process = process;
        address = awaitReady(process.inputReader());
    }

    /** Starts a server and waits until it is ready. */
    static ServeProcess start(String... options) throws IOException {
        return start(List.of(), options);
    }

    /** Starts a server in a JVM with more options, and waits until it is ready. */
    static ServeProcess start(List<String> jvmOptions, String... options) throws IOException {
        return startAt(0, jvmOptions, options);
    }

    /** Starts one whose gRPC port is known before, and waits until it is ready. */
    static ServeProcess startAt(int grpcPort, List<String> jvmOptions, String... options) throws IOException {
        List<String> command = java(jvmOptions, Penstock.class);
        command.addAll(List.of("serve", "--port", "0", "--grpc-port", String.valueOf(grpcPort),
                "--max-num-seqs", "4"));
        command.addAll(List.of(options));
        return new ServeProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** The command that runs a class of this class path. */
    static List<String> java(List<String> jvmOptions, Class<?> main) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx512m"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return command;
    }

    private URI awaitReady(BufferedReader output) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.add(line);
            Matcher ready = READY.matcher(line);
            if (ready.matches()) {
                grpcPort = Integer.parseInt(ready.group(2));
                return URI.create("http://127.0.0.1:" + ready.group(1));
            }
        }
        throw new AssertionError("it never got ready: " + said);
    }

    int grpcPort() {
        return grpcPort;
    }

    /** SIGTERM. */
    void terminate() {
        process.toHandle().destroy();
    }

    void awaitEnd(int exitCode) throws InterruptedException {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on");
        process.inputReader().lines().forEach(said::add);
        assertEquals(exitCode, process.exitValue(), said::toString);
    }

    HttpRequest completion(int numTokens, boolean stream) {
        return HttpRequest.newBuilder(address.resolve("/v1/completions")).POST(HttpRequest.BodyPublishers.ofString(
                body(numTokens, stream))).header("Content-Type", "application/json").build();
    }

    static String body(int numTokens, boolean stream) {
        return "{\"prompt\": \"The quick\", \"ignore_eos\": true, \"stream\": " + stream + ", \"max_tokens\": "
                + numTokens + "}";
    }

    /** Waits until so many requests run. */
    void awaitRunning(HttpClient client, int number) throws IOException, InterruptedException {
        HttpRequest scrape = HttpRequest.newBuilder(address.resolve("/metrics")).build();
        String running = "vllm:num_requests_running{engine=\"0\",model_name=\"penstock-demo\"} " + number + ".0";
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!client.send(scrape, HttpResponse.BodyHandlers.ofString()).body().contains(running)) {
            assertTrue(System.nanoTime() < endNs, "there are never " + number + " running");
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
