package io.penstock.serving.api;

import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.stream.StreamFailure;

/** What went wrong in the engine, as a client of OpenAI's API reads it. */
final class Failures {
    private Failures() {}

    /** Tells the client: by a status, or where events are under way, by an event. */
    static void tell(HttpExchange exchange, StreamFailure failure) {
        if (failure.kind() == StreamFailure.Kind.TOO_SLOW) {
            exchange.abandon();
        } else if (exchange.hasEvents()) {
            exchange.failEvents(error(failure));
        } else {
            exchange.respond(status(failure), error(failure));
        }
    }

    private static int status(StreamFailure failure) {
        return switch (failure.kind()) {
            case INVALID -> 400;
            case QUEUE_FULL -> 429;
            case DRAINING, UNAVAILABLE -> 503;
            case DEADLINE -> 504;
            case TOO_SLOW -> 408;
            case INTERNAL -> 500;
        };
    }

    private static ErrorBody error(StreamFailure failure) {
        return switch (failure.kind()) {
            case INVALID -> ErrorBody.of(failure.cause());
            case QUEUE_FULL -> ErrorBody.queueFull();
            case DRAINING, UNAVAILABLE -> ErrorBody.unavailable(failure.message());
            case DEADLINE, TOO_SLOW, INTERNAL ->
                    new ErrorBody(failure.message(), ErrorBody.SERVER_ERROR, null, null);
        };
    }
}
