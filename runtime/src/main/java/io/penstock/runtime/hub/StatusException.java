package io.penstock.runtime.hub;

import java.io.IOException;

/** A server answered with a status that may be another one later. */
final class StatusException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String retryAfter;

    /** @param retryAfter the server's wish in seconds or as an HTTP date, or null */
    StatusException(String message, String retryAfter) {
        super(message);
        this.retryAfter = retryAfter;
    }

    String retryAfter() {
        return retryAfter;
    }
}
