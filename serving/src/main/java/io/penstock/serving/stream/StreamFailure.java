package io.penstock.serving.stream;

import io.penstock.runtime.InputException;

/**
 * Why a request got no answer, or no whole one.
 *
 * @param message one line for the client
 * @param cause what is wrong with the request, for {@link Kind#INVALID}; else null
 */
public record StreamFailure(Kind kind, String message, InputException cause) {
    /** What a protocol makes a status of. */
    public enum Kind {
        /** The request cannot be run as it is. */
        INVALID,
        /** As many wait as may: try again later. */
        QUEUE_FULL,
        /** The server ends what it has and takes nothing new. */
        DRAINING,
        /** The engine is dead, or was closed. */
        UNAVAILABLE,
        /** Its deadline passed. */
        DEADLINE,
        /** Its client read too slowly and was cut off. */
        TOO_SLOW,
        /** A defect of the server. */
        INTERNAL
    }

    static StreamFailure invalid(InputException cause) {
        return new StreamFailure(Kind.INVALID, cause.getMessage(), cause);
    }

    static StreamFailure of(Kind kind, String message) {
        return new StreamFailure(kind, message, null);
    }
}
