package io.penstock.serving.http;

/**
 * Takes a body in pieces, as they come, so that it need not fit in memory. On the connection's event loop; must return
 * at once. Exactly one of {@link #end} and {@link #cut} is the last call.
 */
public interface BodySink {
    /**
     * Takes the next piece, which is the sink's own from here on.
     *
     * @return whether the next may come at once; else none does until {@link HttpExchange#resumeBody}
     */
    boolean take(byte[] piece);

    /** All of it came: now the exchange has to be answered, if it is not yet. */
    void end();

    /** No more will come: the client went, sent too much or too slowly, or was answered before the end. */
    void cut();
}
