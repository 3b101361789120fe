package io.penstock.serving.api;

import io.penstock.runtime.FinishReason;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.StreamFailure;
import io.penstock.serving.stream.StreamSink;
import java.util.List;

/** What the sinks of all answers do alike: text is wanted, and a failure or an abort ends the whole answer. */
abstract class AnswerSink implements StreamSink {
    final ApiContext api;
    final HttpExchange exchange;

    AnswerSink(ApiContext api, HttpExchange exchange) {
        this.api = api;
        this.exchange = exchange;
    }

    @Override
    public final boolean wantsText() {
        return true;
    }

    @Override
    public boolean isReady() {
        return !exchange.hasEvents() || exchange.isWritable();
    }

    @Override
    public void failed(StreamFailure failure) {
        Failures.tell(exchange, failure);
    }

    final List<TokenLogprob> withTexts(Logprobs logprobs) {
        return logprobs == null ? null : logprobs.toTokenLogprobs(api.tokenizer());
    }

    /** The engine's reason in OpenAI's words; null for a choice that an operator ended, which fails the answer. */
    static io.penstock.serving.openai.response.FinishReason wire(FinishReason reason) {
        return switch (reason) {
            case STOP -> io.penstock.serving.openai.response.FinishReason.STOP;
            case LENGTH -> io.penstock.serving.openai.response.FinishReason.LENGTH;
            case ABORT, DEADLINE, ERROR -> null;
        };
    }

    /** Tells the client that an operator ended its request; true if that is so. */
    final boolean tellIfAborted(ChoiceEnd end) {
        if (wire(end.reason()) != null) {
            return false;
        }
        ErrorBody error = ErrorBody.unavailable("the request was aborted at the server");
        if (exchange.hasEvents()) {
            exchange.failEvents(error);
        } else {
            exchange.respond(503, error);
        }
        return true;
    }
}
