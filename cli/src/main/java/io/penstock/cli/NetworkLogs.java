package io.penstock.cli;

import org.slf4j.bridge.SLF4JBridgeHandler;

/** gRPC logs by another facade than ours, with a stack trace for what a client does to its own connection. */
final class NetworkLogs {
    private NetworkLogs() {}

    /** From now on what it logs is filtered as everything else. */
    static void toOurs() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }
}
