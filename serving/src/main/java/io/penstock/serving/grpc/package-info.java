/**
 * The engine protocol of gateways over gRPC: tokens or text in, tokens out. Calls run on the event loop of their
 * connection and never block it; all that is known of the protocol is here, nothing of the engine is. Warm.
 */
package io.penstock.serving.grpc;
