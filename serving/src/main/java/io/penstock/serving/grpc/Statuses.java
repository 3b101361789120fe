package io.penstock.serving.grpc;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.penstock.serving.stream.StreamFailure;

/** What failures are on the wire. Never {@code UNKNOWN}: gateways try such a request again and again. */
final class Statuses {
    /** Error texts travel in HTTP/2 headers, of which a client may allow 16 KiB. */
    private static final int MAX_MESSAGE = 1_000;

    /** When a client may come again, as gRPC's retry policies read it. */
    private static final Metadata.Key<String> RETRY_AFTER_MS =
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
    private static final String RETRY_MS = "1000";

    private Statuses() {}

    /** The end of a call that failed; one that was refused because of too many others says when to come again. */
    static StatusRuntimeException exception(StreamFailure failure) {
        if (failure.kind() != StreamFailure.Kind.QUEUE_FULL) {
            return of(failure).asRuntimeException();
        }
        Metadata trailers = new Metadata();
        trailers.put(RETRY_AFTER_MS, RETRY_MS);
        return of(failure).asRuntimeException(trailers);
    }

    static Status of(StreamFailure failure) {
        Status status = switch (failure.kind()) {
            case INVALID -> Status.INVALID_ARGUMENT;
            case QUEUE_FULL -> Status.RESOURCE_EXHAUSTED;
            case DRAINING, UNAVAILABLE -> Status.UNAVAILABLE;
            case DEADLINE -> Status.DEADLINE_EXCEEDED;
            case TOO_SLOW -> Status.RESOURCE_EXHAUSTED;
            case INTERNAL -> Status.INTERNAL;
        };
        return status.withDescription(shortened(failure.message()));
    }

    static Status invalid(String message) {
        return Status.INVALID_ARGUMENT.withDescription(shortened(message));
    }

    private static String shortened(String message) {
        return message == null || message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "...";
    }
}
