package io.penstock.serving.grpc;

import io.grpc.Status;
import io.penstock.serving.stream.StreamFailure;

/** What failures are on the wire. Never {@code UNKNOWN}: gateways try such a request again and again. */
final class Statuses {
    /** Error texts travel in HTTP/2 headers, of which a client may allow 16 KiB. */
    private static final int MAX_MESSAGE = 1_000;

    private Statuses() {}

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
