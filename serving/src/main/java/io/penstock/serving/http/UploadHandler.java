package io.penstock.serving.http;

/** Answers requests whose bodies come in pieces. On the connection's event loop; must return at once. */
@FunctionalInterface
public interface UploadHandler {
    /**
     * A request whose header is there and that may be made. The answer may be given at any time; one before the end of
     * the body ends the connection.
     *
     * @return who takes the body
     * @throws io.penstock.runtime.InputException for a request that cannot be served as it is: 400
     */
    BodySink begin(HttpExchange exchange);
}
