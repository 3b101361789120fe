package io.penstock.serving.http;

/** Answers requests. On the connection's event loop; must return at once, the answer may come later. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Begins the answer to a request.
     *
     * @throws io.penstock.runtime.InputException for a request that cannot be served as it is: 400
     */
    void handle(HttpExchange exchange);
}
