package io.penstock.bench.batch;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.serving.api.ApiContext;
import io.penstock.serving.api.ApiRoutes;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.http.ApiKeys;
import io.penstock.serving.http.HttpOptions;
import io.penstock.serving.http.HttpServer;
import io.penstock.serving.metrics.ServerMetrics;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamLimits;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What {@code penstock serve} opens for OpenAI's API, in this process, and a client with one request at a time. */
final class LoopbackServer implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final int OK = 200;
    private static final JsonMapper MAPPER = new JsonMapper();

    private final IoThreads io = IoThreads.start(1);
    private final ServingCore core;
    private final HttpServer server;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    LoopbackServer(RequestEncoder encoder, ServingConfig config) {
        var metrics = new ServerMetrics();
        LoadedEngine loaded = LoadedEngine.load(encoder, config, layer -> { });
        var preparer = new RequestPreparer(encoder, loaded.resolved().limits(), () -> 0);
        var streams = new StreamEngine(loaded.engine(), preparer, io, StreamLimits.DEFAULTS, metrics::observer);
        String name = encoder.source().name();
        metrics.bind(name, streams.engine(), loaded.resolved().limits(), config.prefixCaching());
        core = new ServingCore(streams, new ServedModel(name, "bench", encoder.source(), config, loaded.resolved()));
        core.start();
        var api = new ApiContext(core, List.of(name), 0, metrics::write, false);
        server = HttpServer.start(io, HttpOptions.at(HOST, 0), ApiRoutes.forClients(api), new ApiKeys(List.of()));
    }

    /** Sends the requests of a batch file, each when the one before it is answered. */
    void send(Path input) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(input)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                var request = MAPPER.readTree(line);
                URI uri = URI.create("http://" + HOST + ":" + server.port() + request.get("url").asText());
                HttpResponse<String> answer = answer(HttpRequest.newBuilder(uri)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(request.get("body").toString())).build());
                if (answer.statusCode() != OK) {
                    throw new IOException(request.get("custom_id").asText() + " was answered with "
                            + answer.statusCode() + ": " + answer.body());
                }
            }
        }
    }

    private HttpResponse<String> answer(HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        client.close();
        server.close();
        core.close();
        io.close();
    }
}
