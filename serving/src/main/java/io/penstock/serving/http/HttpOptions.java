package io.penstock.serving.http;

import io.netty.handler.ssl.SslContext;
import io.penstock.runtime.InputException;
import java.util.List;

/**
 * How a port is served.
 *
 * @param host address to listen at
 * @param port 0 for any that is free
 * @param tls null for plain text
 * @param allowedOrigins origins of web pages that may call, or {@code *}; empty for none
 */
public record HttpOptions(String host, int port, SslContext tls, List<String> allowedOrigins, HttpLimits limits) {
    private static final int MAX_PORT = 65_535;

    public HttpOptions {
        if (port < 0 || port > MAX_PORT) {
            throw new InputException("port must be between 0 and " + MAX_PORT + ", not " + port);
        }
        allowedOrigins = List.copyOf(allowedOrigins);
    }

    /** Plain text at an address, with the usual limits and for no other origin's pages. */
    public static HttpOptions at(String host, int port) {
        return new HttpOptions(host, port, null, List.of(), HttpLimits.DEFAULTS);
    }

    public HttpOptions withTls(SslContext context) {
        return new HttpOptions(host, port, context, allowedOrigins, limits);
    }

    public HttpOptions withAllowedOrigins(List<String> origins) {
        return new HttpOptions(host, port, tls, origins, limits);
    }

    public HttpOptions withLimits(HttpLimits bounds) {
        return new HttpOptions(host, port, tls, allowedOrigins, bounds);
    }
}
