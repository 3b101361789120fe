package io.penstock.bench.streams;

import java.util.ArrayList;
import java.util.List;

/** Half of the streams by one protocol, half by the other, from one server. */
record BothTargets(StreamTarget grpc, StreamTarget sse) implements StreamTarget {
    @Override
    public List<StreamClient> clients(int number, int promptTokens, int maxTokens) {
        List<StreamClient> clients = new ArrayList<>(grpc.clients((number + 1) / 2, promptTokens, maxTokens));
        clients.addAll(sse.clients(number / 2, promptTokens, maxTokens));
        return clients;
    }

    @Override
    public void close() {
        try (sse; grpc) {
            // Both end, the second one too if the first fails.
        }
    }
}
