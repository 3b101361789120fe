package io.penstock.serving.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.response.JsonBody;
import io.penstock.serving.server.Profiler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executor;

/** A recording of the running server, begun and ended by an operator. */
final class ProfileEndpoints {
    private final Profiler profiler;
    private final Executor worker;

    ProfileEndpoints(Profiler profiler, Executor worker) {
        this.profiler = profiler;
        this.worker = worker;
    }

    private record Recording(Path file) implements JsonBody {
        @Override
        public void writeTo(JsonGenerator json) throws IOException {
            json.writeStartObject();
            json.writeStringField("file", file.toString());
            json.writeEndObject();
        }
    }

    void start(HttpExchange exchange) {
        Tasks.answer(exchange, worker, () -> new Recording(profiler.start()));
    }

    void stop(HttpExchange exchange) {
        Tasks.answer(exchange, worker, () -> new Recording(profiler.stop()));
    }
}
