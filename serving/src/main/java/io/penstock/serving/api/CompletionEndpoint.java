package io.penstock.serving.api;

import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.CompletionRequest;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.ResponseHeader;
import java.time.Instant;

/** {@code POST /v1/completions}. */
final class CompletionEndpoint {
    private final ApiContext api;

    CompletionEndpoint(ApiContext api) {
        this.api = api;
    }

    CompletionRequest read(byte[] body) {
        return CompletionRequest.parse(body, api.engine().encoder().defaults());
    }

    void handle(HttpExchange exchange, CompletionRequest request) {
        api.core().touch();
        if (!api.serves(request.model())) {
            exchange.respond(404, ErrorBody.modelNotFound(request.model()));
            return;
        }
        request.requireKnownTokens(api.engine().encoder().tokenSpace());
        String asked = request.options().requestId();
        String id = asked == null ? Ids.next("cmpl-") : "cmpl-" + asked;
        var header = new ResponseHeader(id, Instant.now().getEpochSecond(), api.modelOr(request.model()));
        new CompletionAnswer(api, exchange, request, header).submit();
    }
}
