package io.penstock.serving.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/** Sends the response headers of a subscription at once: a gateway counts it as connected when they arrive. */
final class EarlyHeaders implements ServerInterceptor {
    private final String method;

    /** @param method full name of the one whose headers go out before its first message */
    EarlyHeaders(String method) {
        this.method = method;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (!call.getMethodDescriptor().getFullMethodName().equals(method)) {
            return next.startCall(call, headers);
        }
        call.sendHeaders(new Metadata());
        return next.startCall(new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata again) {}
        }, headers);
    }
}
