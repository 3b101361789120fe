package io.penstock.serving.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A defect in a call is {@code INTERNAL}, logged here and told without its details; bytes that are no message are
 * {@code INVALID_ARGUMENT}.
 */
final class NeverUnknown implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(NeverUnknown.class);
    private static final Status BROKEN =
            Status.INVALID_ARGUMENT.withDescription("the message is not one of this call: it cannot be parsed");
    private static final Status DEFECT = Status.INTERNAL.withDescription("the server failed to run the call");

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        var guarded = new GuardedCall<>(call);
        try {
            return new GuardedListener<>(next.startCall(guarded, headers), guarded);
        } catch (RuntimeException e) {
            guarded.fail(e);
            return new ServerCall.Listener<>() { };
        }
    }

    private static final class GuardedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private boolean isClosed;

        GuardedCall(ServerCall<Q, A> call) {
            super(call);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            isClosed = true;
            super.close(status.getCode() == Status.Code.UNKNOWN ? DEFECT : status, trailers);
        }

        void fail(RuntimeException e) {
            LOG.error("a call of {} failed", getMethodDescriptor().getFullMethodName(), e);
            if (!isClosed) {
                close(DEFECT, new Metadata());
            }
        }
    }

    private static final class GuardedListener<Q> extends SimpleForwardingServerCallListener<Q> {
        private final GuardedCall<?, ?> call;

        GuardedListener(ServerCall.Listener<Q> listener, GuardedCall<?, ?> call) {
            super(listener);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            if (message == null) {
                call.close(BROKEN, new Metadata());
            } else {
                guard(() -> super.onMessage(message));
            }
        }

        @Override
        public void onHalfClose() {
            if (!call.isClosed) {
                guard(super::onHalfClose);
            }
        }

        @Override
        public void onReady() {
            guard(super::onReady);
        }

        private void guard(Runnable callback) {
            try {
                callback.run();
            } catch (RuntimeException e) {
                call.fail(e);
            }
        }
    }
}
