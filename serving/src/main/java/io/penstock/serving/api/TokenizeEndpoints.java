package io.penstock.serving.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.DetokenizeRequest;
import io.penstock.serving.openai.TokenizeRequest;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import java.io.IOException;

/** {@code POST /tokenize} and {@code /detokenize}; long texts are taken apart on another thread. */
final class TokenizeEndpoints {
    private final ApiContext api;

    TokenizeEndpoints(ApiContext api) {
        this.api = api;
    }

    /** @param texts null where they were not asked for */
    private record Tokens(int[] ids, String[] texts, int maxModelLen) implements JsonBody {
        @Override
        public void writeTo(JsonGenerator json) throws IOException {
            json.writeStartObject();
            json.writeNumberField("count", ids.length);
            json.writeNumberField("max_model_len", maxModelLen);
            json.writeFieldName("tokens");
            json.writeArray(ids, 0, ids.length);
            json.writeFieldName("token_strs");
            if (texts == null) {
                json.writeNull();
            } else {
                json.writeArray(texts, 0, texts.length);
            }
            json.writeEndObject();
        }
    }

    private record Text(String prompt) implements JsonBody {
        @Override
        public void writeTo(JsonGenerator json) throws IOException {
            json.writeStartObject();
            json.writeStringField("prompt", prompt);
            json.writeEndObject();
        }
    }

    void tokenize(HttpExchange exchange, TokenizeRequest request) {
        if (!api.serves(request.model())) {
            exchange.respond(404, ErrorBody.modelNotFound(request.model()));
            return;
        }
        Tasks.answer(exchange, api.engine().workers(), () -> tokens(request));
    }

    private Tokens tokens(TokenizeRequest request) {
        var encoder = api.engine().encoder();
        int[] ids = request.chat() == null
                ? encoder.tokenizer().encode(request.prompt()) : encoder.chat(request.chat()).tokenIds();
        String[] texts = null;
        if (request.returnTokenStrings()) {
            Tokenizer tokenizer = api.tokenizer();
            texts = new String[ids.length];
            for (int i = 0; i < ids.length; i++) {
                texts[i] = tokenizer.decode(new int[] {ids[i]}, false);
            }
        }
        return new Tokens(ids, texts, api.engine().modelLimits().maxModelLen());
    }

    DetokenizeRequest readTokens(byte[] body) {
        return DetokenizeRequest.parse(body, api.engine().encoder().tokenSpace());
    }

    void detokenize(HttpExchange exchange, DetokenizeRequest request) {
        if (!api.serves(request.model())) {
            exchange.respond(404, ErrorBody.modelNotFound(request.model()));
            return;
        }
        Tasks.answer(exchange, api.engine().workers(),
                () -> new Text(api.tokenizer().decode(request.tokenIds(), false)));
    }
}
