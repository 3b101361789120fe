package io.penstock.bench.loadgen;

import java.util.Locale;

/** Why a request failed. */
public enum FailureKind {
    /** No connection. */
    CONNECT,
    /** Refused as the client's fault: an HTTP status from 400, or what gRPC has for it. */
    HTTP_4XX,
    /** Refused as the server's fault. */
    HTTP_5XX,
    /** The connection ended before the answer. */
    CLOSED,
    /** It took longer than allowed. */
    TIMEOUT,
    /** The answer was an error in mid-stream. */
    STREAM,
    /** What came is not of the protocol, or has no token in it. */
    PROTOCOL;

    /** Its key in results. */
    public String key() {
        return "failed_" + name().toLowerCase(Locale.ROOT);
    }
}
