package io.penstock.batch.remote;

import io.penstock.runtime.InputException;
import java.util.Arrays;
import java.util.List;

/** Where a worker's gRPC port is. */
public record WorkerAddress(String host, int port) {
    private static final int MAX_PORT = 65_535;

    /**
     * Reads {@code host:port,host:port}; an IPv6 address stands in brackets.
     *
     * @throws InputException for anything else
     */
    public static List<WorkerAddress> parse(String text) {
        return Arrays.stream(text.split(",", -1)).map(String::strip).map(WorkerAddress::one).distinct().toList();
    }

    private static WorkerAddress one(String text) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(0, colon)).replaceAll("^\\[|]$", "");
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty() && port >= 1 && port <= MAX_PORT) {
                return new WorkerAddress(host, port);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new InputException("'" + text + "' is no worker: write HOST:PORT, the gRPC port of penstock serve");
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
