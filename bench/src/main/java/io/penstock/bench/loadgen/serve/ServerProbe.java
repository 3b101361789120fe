package io.penstock.bench.loadgen.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Asks a server over HTTP what it is and what it counts; what it does not answer is left out. */
public final class ServerProbe implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final URI base;
    private final Map<String, String> headers;
    private final HttpClient http;

    /** @param isInsecure takes any certificate */
    public ServerProbe(URI base, Map<String, String> headers, boolean isInsecure) {
        this.base = base;
        this.headers = headers;
        HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(TIMEOUT);
        if (isInsecure) {
            builder.sslContext(trusting());
        }
        http = builder.build();
    }

    private static SSLContext trusting() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("there is no TLS", e);
        }
    }

    private Optional<HttpResponse<String>> get(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(
                base.toString().replaceFirst("/+$", "") + path)).timeout(TIMEOUT);
        headers.forEach(request::setHeader);
        try {
            return Optional.of(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** The names of its models. */
    public List<String> models() {
        List<String> names = new ArrayList<>();
        modelList().ifPresent(list -> list.path("data").forEach(model -> names.add(model.path("id").asText())));
        return names;
    }

    /**
     * The name of its first model.
     *
     * @throws InputException if it does not answer, or refuses to
     */
    public String firstModel() {
        HttpResponse<String> answer = get("/v1/models").orElseThrow(() -> new InputException(
                "no server answers at " + base + ": start it, or correct --base-url"));
        if (answer.statusCode() == 401 || answer.statusCode() == 403) {
            throw new InputException(base + " refuses the API key (HTTP " + answer.statusCode()
                    + "): give --api-key, or set OPENAI_API_KEY");
        }
        List<String> names = models();
        if (names.isEmpty()) {
            throw new InputException(base + "/v1/models names no model (HTTP " + answer.statusCode()
                    + "): give --model NAME");
        }
        return names.getFirst();
    }

    private Optional<JsonNode> modelList() {
        return get("/v1/models").filter(answer -> answer.statusCode() == 200).map(HttpResponse::body)
                .flatMap(ServerProbe::json);
    }

    /** Who made it: {@code penstock}, {@code vllm}, {@code sglang} …, or {@code unknown}. */
    public String engine() {
        String owner = modelList().map(list -> list.path("data").path(0).path("owned_by").asText("")).orElse("");
        return owner.isBlank() ? "unknown" : owner;
    }

    /** Its version, or {@code unknown}. */
    public String version() {
        return get("/version").filter(answer -> answer.statusCode() == 200).map(HttpResponse::body)
                .flatMap(ServerProbe::json).map(json -> json.path("version").asText("")).filter(text -> !text.isBlank())
                .orElse("unknown");
    }

    /** What its {@code /metrics} says now. */
    public Optional<ServerCounters> counters() {
        return get("/metrics").filter(answer -> answer.statusCode() == 200).map(HttpResponse::body)
                .map(ServerCounters::parse);
    }

    private static Optional<JsonNode> json(String text) {
        try {
            return Optional.ofNullable(JSON.readTree(text));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
