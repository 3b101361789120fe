package io.penstock.serving.api;

import io.penstock.scheduler.Request;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.CompletionRequest;
import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.stream.ActiveStream;
import io.penstock.serving.stream.StreamFailure;
import java.util.ArrayList;
import java.util.List;

/**
 * The answer to a plain completion, whose prompts are a request of the engine each. It begins when the engine has them
 * all, so that one that cannot be run fails the whole request with a status.
 */
final class CompletionAnswer {
    private final ApiContext api;
    private final HttpExchange exchange;
    private final CompletionRequest request;
    private final ResponseHeader header;
    private final List<ActiveStream> streams = new ArrayList<>();
    private final CompletionSink[] sinks;
    private int numStarted;
    private int numEnded;

    CompletionAnswer(ApiContext api, HttpExchange exchange, CompletionRequest request, ResponseHeader header) {
        this.api = api;
        this.exchange = exchange;
        this.request = request;
        this.header = header;
        sinks = new CompletionSink[request.prompts().size()];
    }

    void submit() {
        exchange.whenGone(this::cancel);
        exchange.whenWritable(this::resume);
        for (int p = 0; p < sinks.length; p++) {
            sinks[p] = request.response().stream() ? new CompletionEvents(this, p) : new CompletionWhole(this, p);
            streams.add(api.engine().submit(exchange.eventLoop(),
                    GenerationRequest.of(request, request.prompts().get(p)), header.id(), Request.NO_DEADLINE,
                    sinks[p]));
        }
    }

    private void cancel() {
        streams.forEach(ActiveStream::cancel);
    }

    private void resume() {
        streams.forEach(ActiveStream::resume);
    }

    ApiContext api() {
        return api;
    }

    HttpExchange exchange() {
        return exchange;
    }

    CompletionRequest request() {
        return request;
    }

    ResponseHeader header() {
        return header;
    }

    /** Whether output may be written: all prompts have been taken. */
    boolean hasStarted() {
        return numStarted == sinks.length;
    }

    void started() {
        numStarted++;
        if (hasStarted()) {
            if (request.response().stream()) {
                exchange.startEvents();
            }
            exchange.eventLoop().execute(this::resume);
        }
    }

    /** One prompt failed: so has the request. */
    void failed(StreamFailure failure) {
        if (!exchange.isOver()) {
            Failures.tell(exchange, failure);
            cancel();
        }
    }

    void ended() {
        numEnded++;
        if (numEnded < sinks.length || exchange.isOver()) {
            return;
        }
        if (!request.response().stream()) {
            List<CompletionResponse.Choice> choices = new ArrayList<>();
            for (CompletionSink sink : sinks) {
                choices.addAll(sink.choices());
            }
            exchange.respond(200, CompletionResponse.whole(header, choices, usage()));
            return;
        }
        if (request.response().includeUsage()) {
            exchange.event(CompletionResponse.usageOnly(header, usage()));
        }
        exchange.endEvents();
    }

    /** What all prompts have used so far. */
    Usage usage() {
        int numPrompt = 0;
        int numOutput = 0;
        int numCached = 0;
        for (CompletionSink sink : sinks) {
            Usage usage = sink.usage();
            numPrompt += usage.promptTokens();
            numOutput += usage.completionTokens();
            numCached += usage.cachedTokens();
        }
        return new Usage(numPrompt, numOutput, numCached);
    }
}
