package io.penstock.bench.loadgen.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.RequestRecord;
import java.nio.charset.StandardCharsets;

/** One connection: one answer after the other. All of it runs on the connection's event loop. */
final class HttpStream extends ChannelInboundHandlerAdapter {
    private static final int OK = 200;
    private static final int SERVER_ERRORS = 500;
    private static final int MAX_ERROR_BYTES = 64 << 10;

    private final HttpLoadClient client;
    private final int loop;
    private final EventStream events = new EventStream();
    private final StringBuilder errorBody = new StringBuilder();

    private ChannelHandlerContext context;
    private LoadRequest request;
    private RequestRecord record;
    private boolean wasIdle;
    private boolean hasAnswer;
    private boolean isKept;
    private int status;
    private Future<?> timeout;

    HttpStream(HttpLoadClient client, int loop) {
        this.client = client;
        this.loop = loop;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    /** @param isReused whether the server may have closed the connection meanwhile */
    void begin(LoadRequest next, RequestRecord record, boolean isReused) {
        request = next;
        this.record = record;
        wasIdle = isReused;
        hasAnswer = false;
        status = 0;
        errorBody.setLength(0);
        events.reset();
        long nowNs = System.nanoTime();
        record.sent(loop, nowNs);
        ByteBuf bytes = client.writer().write(next, nowNs, context.alloc());
        timeout = client.timeout(loop, this::timedOut);
        context.writeAndFlush(bytes).addListener(written -> {
            if (!written.isSuccess()) {
                context.pipeline().fireExceptionCaught(written.cause());
            }
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        try {
            hasAnswer = true;
            if (message instanceof HttpResponse response) {
                status = response.status().code();
                isKept = HttpUtil.isKeepAlive(response);
                if (response.decoderResult().isFailure()) {
                    broken(FailureKind.PROTOCOL, "the answer is no HTTP: " + response.decoderResult().cause());
                }
            }
            if (message instanceof HttpContent content) {
                body(content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void body(HttpContent content) {
        if (record == null) {
            return;
        }
        long nowNs = System.nanoTime();
        if (status != OK) {
            if (errorBody.length() < MAX_ERROR_BYTES) {
                errorBody.append(content.content().toString(StandardCharsets.UTF_8));
            }
        } else {
            events.read(content.content(), nowNs, record);
            if (record.isEnded()) {
                abandon();
                return;
            }
        }
        if (content instanceof LastHttpContent) {
            end(nowNs);
        }
    }

    private void end(long nowNs) {
        RequestRecord ended = release();
        if (isKept && context.channel().isActive()) {
            client.idle(loop, this);
        } else {
            context.close();
        }
        if (status != OK) {
            ended.failed(nowNs, status < SERVER_ERRORS ? FailureKind.HTTP_4XX : FailureKind.HTTP_5XX,
                    "HTTP " + status + ": " + ErrorBody.message(errorBody.toString()));
        } else if (events.isDone()) {
            ended.completed(nowNs);
        } else {
            ended.failed(nowNs, FailureKind.CLOSED, "the answer ended without [DONE]");
        }
    }

    private RequestRecord release() {
        RequestRecord ended = record;
        record = null;
        request = null;
        timeout.cancel(false);
        return ended;
    }

    private void abandon() {
        if (record != null) {
            release();
        }
        context.close();
    }

    private void broken(FailureKind kind, String why) {
        if (record == null) {
            return;
        }
        RequestRecord ended = release();
        ended.failed(System.nanoTime(), kind, why);
        context.close();
    }

    private void timedOut() {
        broken(FailureKind.TIMEOUT, "no end of the answer after " + client.timeoutNs() / 1_000_000_000L + " s");
    }

    @Override
    public void channelInactive(ChannelHandlerContext gone) {
        client.gone(loop, this);
        if (record != null && wasIdle && !hasAnswer) {
            LoadRequest again = request;
            RequestRecord open = release();
            client.again(loop, again, open);
        } else if (events.isDone() && record != null) {
            release().completed(System.nanoTime());
        } else {
            broken(FailureKind.CLOSED, "the server closed the connection");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext where, Throwable cause) {
        if (!(wasIdle && !hasAnswer)) {
            broken(FailureKind.CLOSED, "the connection broke: " + cause.getMessage());
        }
        context.close();
    }
}
