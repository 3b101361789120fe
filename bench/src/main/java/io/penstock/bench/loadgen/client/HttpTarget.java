package io.penstock.bench.loadgen.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import java.net.URI;
import java.util.Map;

/**
 * Where completions over HTTP are asked for, and how.
 *
 * @param base {@code http://host:port}, or with https; a path is put before the endpoint
 * @param endpoint a path such as {@code /v1/completions}
 * @param isChat whether the endpoint takes messages
 * @param headers of each request, by name
 * @param isInsecure takes any certificate
 * @param body fields of each request's JSON apart from prompt, length and streaming
 * @param isStamped whether each request says in {@link #SENT_HEADER} when it was sent
 */
public record HttpTarget(URI base, String endpoint, boolean isChat, Map<String, String> headers, boolean isInsecure,
        ObjectNode body, boolean isStamped) {
    /** {@link System#nanoTime} at which the request was sent, for a server in the same process. */
    public static final String SENT_HEADER = "x-penstock-sent-ns";

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    public HttpTarget {
        boolean isHttp = "http".equals(base.getScheme()) || "https".equals(base.getScheme());
        if (!isHttp || base.getHost() == null) {
            throw new InputException("there is no server at '" + base
                    + "': give its address as --base-url http://HOST:PORT");
        }
        headers = Map.copyOf(headers);
    }

    /** The same, with stamped requests. */
    public HttpTarget stamped() {
        return new HttpTarget(base, endpoint, isChat, headers, isInsecure, body, true);
    }

    /** Whose requests say nothing of when they were sent. */
    public static HttpTarget of(URI base, String endpoint, boolean isChat, Map<String, String> headers,
            boolean isInsecure, ObjectNode body) {
        return new HttpTarget(base, endpoint, isChat, headers, isInsecure, body, false);
    }

    boolean isTls() {
        return base.getScheme().equals("https");
    }

    String host() {
        String host = base.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    int port() {
        return base.getPort() >= 0 ? base.getPort() : isTls() ? HTTPS_PORT : HTTP_PORT;
    }

    String path() {
        String prefix = base.getRawPath() == null ? "" : base.getRawPath().replaceFirst("/$", "");
        return prefix + endpoint;
    }
}
