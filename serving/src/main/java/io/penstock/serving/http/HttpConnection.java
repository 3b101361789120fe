package io.penstock.serving.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: requests are read whole, or handed on in pieces, and answered one after the other, in their order.
 * What a client pipelines behind a request waits here, within a bound. One that is sent away with more to say is
 * listened to for a moment, or its system would throw the answer away.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final long NO_DEADLINE = Long.MAX_VALUE;
    private static final long FIRST_PROBE_MS = 100;
    private static final long PROBE_MS = 2_000;
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PROCESSING = "HTTP/1.1 102 Processing\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** An event that tells a connection to end as soon as its client has everything. */
    enum Finish { ASKED }

    private enum State { HEAD, BODY, ANSWER, SENT_AWAY }

    private final HttpService service;
    private final ArrayDeque<HttpObject> pipelined = new ArrayDeque<>();
    private final RequestBody body;
    private ChannelHandlerContext context;
    private ScheduledFuture<?> timer;
    private State state = State.HEAD;
    private HttpExchange exchange;
    private RequestErrors.Refusal refusal;
    private StreamedBody upload;
    private long deadlineNs = NO_DEADLINE;
    private long timerNs;
    private int pipelinedBytes;
    private boolean isInputClosed;

    HttpConnection(HttpService service) {
        this.service = service;
        body = new RequestBody(service);
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        context = active;
        if (service.opened(active.channel())) {
            arm(service.limits().times().headNs());
        } else {
            active.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ignored, Object message) {
        if (!(message instanceof HttpObject object) || state == State.SENT_AWAY) {
            ReferenceCountUtil.release(message);
        } else if (isBusy() || !pipelined.isEmpty()) {
            hold(object);
        } else {
            take(object);
        }
    }

    /** Whether to read on. A socket whose client sends no more must not be asked to. */
    private void read(boolean on) {
        if (!isInputClosed) {
            context.channel().config().setAutoRead(on);
        }
    }

    /** Whether what comes has to wait. */
    private boolean isBusy() {
        return state == State.ANSWER || upload != null && upload.isPaused();
    }

    private void hold(HttpObject object) {
        pipelined.add(object);
        pipelinedBytes += 64 + (object instanceof HttpContent content ? content.content().readableBytes() : 256);
        if (pipelinedBytes > service.limits().maxPipelinedBytes()) {
            read(false);
        }
    }

    /** Takes up what waited; after an answer, and when the client has taken it. */
    private void takePipelined() {
        while (!isBusy() && state != State.SENT_AWAY && !pipelined.isEmpty() && context.channel().isWritable()) {
            take(pipelined.poll());
        }
        if (pipelined.isEmpty()) {
            pipelinedBytes = 0;
            read(upload == null || !upload.isPaused());
            if (isInputClosed) {
                inputClosed();
            }
        }
    }

    private void take(HttpObject object) {
        try {
            if (object.decoderResult().isFailure()) {
                begin(object instanceof HttpRequest request ? request : null);
                sendAway(RequestErrors.undecodable(object.decoderResult().cause()));
                return;
            }
            if (object instanceof HttpRequest request) {
                begin(request);
                check(request);
            }
            if (object instanceof HttpContent content && state == State.BODY) {
                receive(content);
            }
        } finally {
            ReferenceCountUtil.release(object);
        }
    }

    private void begin(HttpRequest request) {
        if (request != null) {
            exchange = new HttpExchange(this, service, request);
        }
        state = State.BODY;
        refusal = null;
        arm(service.limits().times().bodyNs());
    }

    /** Refuses by the header alone what has, or may have, more of a body than is worth reading. */
    private void check(HttpRequest request) {
        RequestErrors.Refusal malformed = RequestErrors.of(request);
        if (malformed != null) {
            sendAway(malformed);
            return;
        }
        refusal = service.refusal(exchange);
        HttpRouter.Upload taker = exchange.upload();
        long maxBytes = taker == null ? body.maxBytes() : taker.maxBytes();
        if (refusal != null && !exchange.isShort()) {
            sendAway(refusal);
        } else if (RequestErrors.contentLength(request.headers()) > maxBytes) {
            sendAway(RequestErrors.tooLarge(maxBytes));
        } else if (taker != null) {
            HttpExchange current = exchange;
            current.guard(() -> upload = new StreamedBody(taker.handler().begin(current), maxBytes));
        }
        if (state == State.BODY && exchange.expectsContinue()) {
            writeRaw(CONTINUE);
        }
    }

    private void receive(HttpContent content) {
        boolean isLast = content instanceof LastHttpContent;
        RequestErrors.Refusal tooMuch = upload == null ? body.add(content.content()) : upload.count(content.content());
        if (tooMuch != null) {
            sendAway(tooMuch);
        } else if (upload != null) {
            hand(content.content(), isLast);
        } else if (isLast) {
            answer();
        }
    }

    /** The next piece of an upload: the time counts from the last one, and while the sink is busy not at all. */
    private void hand(ByteBuf part, boolean isLast) {
        StreamedBody current = upload;
        exchange.guard(() -> current.hand(part, isLast));
        if (current.isPaused()) {
            deadlineNs = NO_DEADLINE;
            read(false);
        } else if (state == State.BODY) {
            receiveOn();
        }
    }

    /** Takes up the body again that {@code resumed} had to wait with. */
    void resumeBody(HttpExchange resumed) {
        if (exchange == resumed && upload != null && upload.isPaused()) {
            upload.resume();
            read(true);
            receiveOn();
            takePipelined();
        }
    }

    private void receiveOn() {
        if (upload.isWhole()) {
            answer();
        } else {
            arm(service.limits().times().bodyNs());
        }
    }

    /** Whether the request's end has not come. */
    boolean isReceiving() {
        return state == State.BODY;
    }

    private void cutUpload() {
        if (upload != null) {
            StreamedBody broken = upload;
            upload = null;
            broken.cut();
        }
    }

    private void answer() {
        state = State.ANSWER;
        deadlineNs = NO_DEADLINE;
        HttpExchange current = exchange;
        if (upload != null) {
            current.guard(upload::end);
            return;
        }
        try {
            current.body(body.take());
            if (refusal != null) {
                current.refuse(refusal);
            } else {
                current.handle();
            }
        } finally {
            body.release();
        }
    }

    /** Answers what cannot be read on with an error, and closes. */
    private void sendAway(RequestErrors.Refusal why) {
        HttpExchange current = exchange;
        body.release();
        cutUpload();
        if (current == null || state == State.SENT_AWAY) {
            close();
            return;
        }
        state = State.ANSWER;
        current.lastOnConnection();
        current.refuse(why);
    }

    /** The answer's last part is written; {@code written} is done when the client has it. */
    void answered(ChannelFuture written, boolean keepAlive) {
        exchange = null;
        cutUpload();
        if (!keepAlive || isInputClosed && pipelined.isEmpty()) {
            leave(written);
            return;
        }
        state = State.HEAD;
        arm(service.limits().times().headNs());
        if (!pipelined.isEmpty()) {
            context.executor().execute(this::takePipelined);
        }
    }

    private void leave(ChannelFuture written) {
        state = State.SENT_AWAY;
        releasePipelined();
        arm(service.limits().times().writeNs());
        written.addListener(done -> {
            if (!done.isSuccess() || isInputClosed || !context.channel().isActive()) {
                context.close();
            } else {
                if (context.channel() instanceof DuplexChannel duplex && service.isPlain()) {
                    duplex.shutdownOutput();
                }
                read(true);
                arm(service.limits().times().lingerNs());
            }
        });
    }

    ChannelHandlerContext context() {
        return context;
    }

    void close() {
        context.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ignored, Object event) {
        if (event == Finish.ASKED && state == State.HEAD && pipelined.isEmpty()) {
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
        if (event instanceof ChannelInputShutdownEvent) {
            isInputClosed = true;
            switch (state) {
                case HEAD, BODY -> takePipelined();
                case ANSWER -> probe(exchange, FIRST_PROBE_MS);
                case SENT_AWAY -> context.close();
            }
        }
    }

    /** The client sends no more, and everything that it sent is taken up. */
    private void inputClosed() {
        if (state == State.HEAD) {
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        } else if (state == State.BODY && (upload == null || !upload.isWhole())) {
            sendAway(RequestErrors.CUT_OFF);
        }
    }

    /**
     * The client sends no more. Whether it is gone, or waits for its answer, shows when something is written: events
     * do, and where there are none, interim responses: to the first one, a system without the client says so, and the
     * next one finds the connection broken.
     */
    private void probe(HttpExchange waiting, long nextMs) {
        if (exchange == waiting && waiting.takesInterimResponses() && context.channel().isActive()) {
            writeRaw(PROCESSING);
            context.executor().schedule(() -> probe(waiting, PROBE_MS), nextMs, TimeUnit.MILLISECONDS);
        }
    }

    private void writeRaw(byte[] bytes) {
        ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
        context.pipeline().context(HttpRequestDecoder.class).writeAndFlush(buffer);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        boolean isWritable = changed.channel().isWritable();
        if (exchange != null && exchange.hasPieces()) {
            if (isWritable) {
                deadlineNs = NO_DEADLINE;
            } else {
                arm(service.limits().times().writeNs());
            }
        }
        if (isWritable) {
            if (exchange != null) {
                exchange.writable();
            }
            takePipelined();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        service.closed(inactive.channel());
        deadlineNs = NO_DEADLINE;
        if (timer != null) {
            timer.cancel(false);
        }
        body.release();
        releasePipelined();
        state = State.SENT_AWAY;
        cutUpload();
        if (exchange != null) {
            HttpExchange broken = exchange;
            exchange = null;
            broken.gone();
        }
    }

    private void releasePipelined() {
        pipelined.forEach(ReferenceCountUtil::release);
        pipelined.clear();
        pipelinedBytes = 0;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (cause instanceof IOException || cause instanceof io.netty.handler.codec.DecoderException) {
            LOG.debug("a connection broke: {}", cause.toString());
        } else {
            LOG.error("a connection is closed because of a defect", cause);
        }
        failed.close();
    }

    /** Sets the deadline. A timer that goes off before it is left alone and looks again then. */
    private void arm(long ns) {
        deadlineNs = System.nanoTime() + ns;
        if (timer != null && timerNs - deadlineNs > 0) {
            timer.cancel(false);
            timer = null;
        }
        if (timer == null) {
            schedule(ns);
        }
    }

    private void schedule(long ns) {
        timerNs = System.nanoTime() + ns;
        timer = context.executor().schedule(this::checkDeadline, ns, TimeUnit.NANOSECONDS);
    }

    private void checkDeadline() {
        timer = null;
        if (deadlineNs == NO_DEADLINE) {
            return;
        }
        long leftNs = deadlineNs - System.nanoTime();
        if (leftNs > 0) {
            schedule(leftNs);
        } else if (state == State.BODY) {
            sendAway(RequestErrors.TOO_SLOW);
        } else {
            context.close();
        }
    }
}
