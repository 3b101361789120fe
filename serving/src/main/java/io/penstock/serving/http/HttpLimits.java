package io.penstock.serving.http;

import io.penstock.runtime.InputException;
import java.util.concurrent.TimeUnit;

/**
 * The bounds of what a client may cost before its request is known.
 *
 * @param maxConnections open connections; one more is closed at once
 * @param maxHeaderBytes of all header fields of a request, and apart from them of its first line
 * @param maxRequestBytes of one body
 * @param maxBufferedBytes of all bodies that are being received at a time
 * @param maxPipelinedBytes of requests behind the one that is being answered; then the connection is not read
 * @param times how long each part may take
 */
public record HttpLimits(
        int maxConnections,
        int maxHeaderBytes,
        int maxRequestBytes,
        long maxBufferedBytes,
        int maxPipelinedBytes,
        Times times) {
    /**
     * How long each part may take, in nanoseconds.
     *
     * @param headNs from the connection or the end of the last answer to the end of the next request's header
     * @param bodyNs from there to the end of its body
     * @param writeNs for an answer that is complete, until the client has taken it
     * @param lingerNs for a client that is being sent away, until it has closed
     */
    public record Times(long headNs, long bodyNs, long writeNs, long lingerNs) {
        public Times {
            if (headNs < 1 || bodyNs < 1 || writeNs < 1 || lingerNs < 1) {
                throw new InputException("the times of HTTP connections must be positive");
            }
        }
    }

    /** What a server has unless told otherwise. */
    public static final HttpLimits DEFAULTS = new HttpLimits(16_384, 32 << 10, 64 << 20, 512L << 20, 64 << 10,
            new Times(TimeUnit.SECONDS.toNanos(120), TimeUnit.SECONDS.toNanos(60), TimeUnit.SECONDS.toNanos(30),
                    TimeUnit.SECONDS.toNanos(2)));

    public HttpLimits {
        requirePositive("max_connections", maxConnections);
        requirePositive("max_header_bytes", maxHeaderBytes);
        requirePositive("max_request_bytes", maxRequestBytes);
        requirePositive("max_pipelined_bytes", maxPipelinedBytes);
        if (maxBufferedBytes < maxRequestBytes) {
            throw new InputException("max_buffered_bytes must hold a request of " + maxRequestBytes + " bytes, not "
                    + maxBufferedBytes);
        }
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new InputException(name + " must be at least 1, not " + value);
        }
    }

    public HttpLimits withMaxConnections(int connections) {
        return new HttpLimits(connections, maxHeaderBytes, maxRequestBytes, maxBufferedBytes, maxPipelinedBytes,
                times);
    }

    /** These with another size of bodies; all that are received at a time may take at least eight such. */
    public HttpLimits withMaxRequestBytes(int bytes) {
        return new HttpLimits(maxConnections, maxHeaderBytes, bytes, Math.max(maxBufferedBytes, 8L * bytes),
                maxPipelinedBytes, times);
    }

    public HttpLimits withMaxBufferedBytes(long bytes) {
        return new HttpLimits(maxConnections, maxHeaderBytes, maxRequestBytes, bytes, maxPipelinedBytes, times);
    }

    public HttpLimits withTimes(Times other) {
        return new HttpLimits(maxConnections, maxHeaderBytes, maxRequestBytes, maxBufferedBytes, maxPipelinedBytes,
                other);
    }
}
