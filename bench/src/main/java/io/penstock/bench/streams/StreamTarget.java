package io.penstock.bench.streams;

import java.util.List;

/** A server of one protocol, and the clients that speak it. */
interface StreamTarget extends AutoCloseable {
    /** Connected clients that have not asked yet. */
    List<? extends StreamClient> clients(int number, int promptTokens, int maxTokens);

    @Override
    void close();
}
