package io.penstock.serving.api;

import io.penstock.scheduler.Request;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.stream.ActiveStream;
import java.time.Instant;

/** {@code POST /v1/chat/completions}. */
final class ChatEndpoint {
    private final ApiContext api;

    ChatEndpoint(ApiContext api) {
        this.api = api;
    }

    ChatCompletionRequest read(byte[] body) {
        return ChatCompletionRequest.parse(body, api.engine().encoder().defaults());
    }

    void handle(HttpExchange exchange, ChatCompletionRequest request) {
        api.core().touch();
        if (!api.serves(request.model())) {
            exchange.respond(404, ErrorBody.modelNotFound(request.model()));
            return;
        }
        String asked = request.options().requestId();
        String id = asked == null ? Ids.next("chatcmpl-") : "chatcmpl-" + asked;
        var header = new ResponseHeader(id, Instant.now().getEpochSecond(), api.modelOr(request.model()));
        AnswerSink sink = request.response().stream()
                ? new ChatEvents(api, exchange, request, header) : new ChatWhole(api, exchange, request, header);
        ActiveStream stream = api.engine().submit(
                exchange.eventLoop(), GenerationRequest.of(request), id, Request.NO_DEADLINE, sink);
        exchange.whenGone(stream::cancel);
        exchange.whenWritable(stream::resume);
    }
}
