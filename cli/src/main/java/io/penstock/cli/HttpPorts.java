package io.penstock.cli;

import io.penstock.serving.http.ApiKeys;
import io.penstock.serving.http.HttpOptions;
import io.penstock.serving.http.HttpRouter;
import io.penstock.serving.http.HttpServer;
import io.penstock.serving.http.HttpTls;
import io.penstock.serving.server.Tls;
import io.penstock.serving.stream.IoThreads;

/** The HTTP ports of one server. */
final class HttpPorts implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";

    private final HttpServer clients;
    private final HttpServer operators;

    private HttpPorts(HttpServer clients, HttpServer operators) {
        this.clients = clients;
        this.operators = operators;
    }

    /** What is answered at each. */
    record Routes(HttpRouter clients, HttpRouter operators) {}

    /**
     * Opens them.
     *
     * @param tls null for plain text; operators are on this machine and need none
     */
    static HttpPorts open(IoThreads io, Routes routes, String host, HttpPortOptions.Settings settings, Tls tls) {
        ApiKeys keys = new ApiKeys(settings.keys());
        HttpServer clients = HttpServer.start(io, HttpOptions.at(host, settings.port())
                .withTls(HttpTls.context(tls)).withAllowedOrigins(settings.allowedOrigins())
                .withLimits(settings.limits()), routes.clients(), keys);
        if (settings.adminPort() == null) {
            return new HttpPorts(clients, null);
        }
        try {
            return new HttpPorts(clients, HttpServer.start(io, HttpOptions.at(LOOPBACK, settings.adminPort()),
                    routes.operators(), keys));
        } catch (RuntimeException e) {
            clients.close();
            throw e;
        }
    }

    /** Where they are, for a person. */
    String describe(String host, boolean hasTls) {
        return (hasTls ? "https://" : "http://") + host + ":" + clients.port()
                + (operators == null ? "" : ", operators at http://" + LOOPBACK + ":" + operators.port());
    }

    /** Connections end with the answers that are under way. */
    void beginClosing() {
        clients.beginClosing();
    }

    /** Waits until clients have their last answers, for so many nanoseconds at most. */
    void finish(long ns) {
        clients.finish(ns);
    }

    @Override
    public void close() {
        clients.close();
        if (operators != null) {
            operators.close();
        }
    }
}
