package io.penstock.serving.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import io.penstock.serving.openai.response.ModelList;
import io.penstock.serving.server.Health;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** What is asked about the server rather than of the model. */
final class StatusEndpoints {
    static final String MODELS = "/v1/models";

    private static final int METRICS_BYTES = 32 << 10;
    private static final String OWNER = "penstock";

    private final ApiContext api;

    StatusEndpoints(ApiContext api) {
        this.api = api;
    }

    private interface Field {
        void writeTo(JsonGenerator json) throws IOException;
    }

    private record Fields(Field fields) implements JsonBody {
        @Override
        public void writeTo(JsonGenerator json) throws IOException {
            json.writeStartObject();
            fields.writeTo(json);
            json.writeEndObject();
        }
    }

    void health(HttpExchange exchange) {
        Health health = api.core().health();
        if (health == Health.SERVING) {
            exchange.respond(200);
        } else {
            exchange.respond(503, ErrorBody.unavailable(health.message()));
        }
    }

    void version(HttpExchange exchange) {
        exchange.respond(200, new Fields(json -> json.writeStringField("version", api.core().model().version())));
    }

    /** How many requests the server holds, as vLLM's {@code /load} says it. */
    void load(HttpExchange exchange) {
        exchange.respond(200, new Fields(json -> json.writeNumberField("server_load", api.engine().numOpen())));
    }

    void metrics(HttpExchange exchange) {
        ByteArrayOutputStream text = new ByteArrayOutputStream(METRICS_BYTES);
        try {
            String type = api.metrics().write(text, exchange.header(HttpHeaderNames.ACCEPT));
            exchange.respond(200, type, text.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void models(HttpExchange exchange) {
        exchange.respond(200, new ModelList(api.modelNames().stream().map(this::model).toList()));
    }

    /** One of them; names may hold slashes. */
    void model(HttpExchange exchange) {
        String name = exchange.path().substring(MODELS.length() + 1);
        try {
            name = URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            exchange.respond(400, new ErrorBody("the model's name is not percent-encoded: " + e.getMessage(),
                    ErrorBody.INVALID_REQUEST, "model", null));
            return;
        }
        if (!api.modelNames().contains(name)) {
            exchange.respond(404, ErrorBody.modelNotFound(name));
            return;
        }
        exchange.respond(200, model(name));
    }

    private ModelList.Model model(String name) {
        return new ModelList.Model(
                name, api.startedSeconds(), OWNER, api.core().model().source().name(),
                api.engine().modelLimits().maxModelLen());
    }
}
