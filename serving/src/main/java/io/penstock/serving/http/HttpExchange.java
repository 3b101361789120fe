package io.penstock.serving.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.penstock.runtime.InputException;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and the way to answer it: once and whole, by events, or in pieces. Its connection's event loop alone uses
 * it. What is written when the client is gone goes nowhere.
 */
public final class HttpExchange {
    public static final String JSON = "application/json";

    private static final Logger LOG = LoggerFactory.getLogger(HttpExchange.class);
    private static final String REQUEST_ID = "x-request-id";
    private static final int SHORT_BODY_BYTES = 64 << 10;
    private static final int MAX_SHOWN_CHARS = 80;
    private static final String PAGE_POLICY =
            "default-src 'self'; img-src data:; style-src 'self'; frame-ancestors 'none'; base-uri 'none'";
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EVENT_END = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_EVENT = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR_EVENT = "event: error\n".getBytes(StandardCharsets.US_ASCII);

    private enum Answer { NONE, EVENTS, PIECES, DONE }

    private final HttpConnection connection;
    private final HttpService service;
    private final HttpRequest request;
    private final String path;
    private HttpRouter.Route route;
    private byte[] body = {};
    private boolean keepAlive;
    private Answer answer = Answer.NONE;
    private Runnable whenGone;
    private Runnable whenWritable;

    HttpExchange(HttpConnection connection, HttpService service, HttpRequest request) {
        this.connection = connection;
        this.service = service;
        this.request = request;
        keepAlive = HttpUtil.isKeepAlive(request);
        path = pathOf(request.uri());
    }

    /** The path in a request's target, which may begin with scheme and host as for a proxy. */
    private static String pathOf(String target) {
        int query = target.indexOf('?');
        String address = query < 0 ? target : target.substring(0, query);
        int scheme = address.indexOf("://");
        if (scheme < 0 || address.startsWith("/")) {
            return address;
        }
        int path = address.indexOf('/', scheme + "://".length());
        return path < 0 ? "/" : address.substring(path);
    }

    public String method() {
        return request.method().name();
    }

    /** The path as it was sent, without host and query. */
    public String path() {
        return path;
    }

    /** The value of a header field, or null. */
    public String header(CharSequence name) {
        return request.headers().get(name);
    }

    /**
     * The value of a parameter in the target's query, or null; the first of several.
     *
     * @throws InputException if the query is not encoded as one
     */
    public String query(String name) {
        try {
            List<String> values = new QueryStringDecoder(request.uri()).parameters().get(name);
            return values == null ? null : values.getFirst();
        } catch (IllegalArgumentException e) {
            throw new InputException("the query behind " + shownPath() + " is not percent-encoded", e);
        }
    }

    /** All of the body; empty for one that comes in pieces. */
    public byte[] body() {
        return body;
    }

    /** Where this exchange lives. */
    public EventLoop eventLoop() {
        return connection.context().channel().eventLoop();
    }

    /** Whether the answer is complete, or the client gone. */
    public boolean isOver() {
        return answer == Answer.DONE;
    }

    /** Whether what is written now goes to the network without being kept for long. */
    public boolean isWritable() {
        return connection.context().channel().isWritable();
    }

    /** Lets the next piece of the body come after a {@link BodySink} took its last one; from any thread. */
    public void resumeBody() {
        eventLoop().execute(() -> connection.resumeBody(this));
    }

    /** Runs {@code action} once if the client goes before its answer is complete. */
    public void whenGone(Runnable action) {
        whenGone = action;
    }

    /** Runs {@code action} each time when {@link #isWritable} turns true. */
    public void whenWritable(Runnable action) {
        whenWritable = action;
    }

    /** Answers with JSON. */
    public void respond(int status, JsonBody json) {
        respond(status, JSON, json.toJson());
    }

    /** Answers with bytes. */
    public void respond(int status, String contentType, byte[] content) {
        write(status, contentType, content, null, null);
    }

    /** Answers with a page or its parts, which may load nothing from elsewhere. */
    public void respondPage(String contentType, byte[] content) {
        write(200, contentType, content, HttpHeaderNames.CONTENT_SECURITY_POLICY, PAGE_POLICY);
    }

    /** Answers with a status alone. */
    public void respond(int status) {
        write(status, null, new byte[0], null, null);
    }

    /** Answers with an error; 429 and 503 say when to come again. */
    public void respond(int status, ErrorBody error) {
        write(status, JSON, error.toJson(), null, null);
    }

    void refuse(RequestErrors.Refusal refusal) {
        write(refusal.status(), JSON, refusal.error().toJson(), HttpHeaderNames.ALLOW, refusal.allowed());
    }

    void respondToPreflight() {
        write(204, null, new byte[0], HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, DELETE, OPTIONS");
    }

    private void write(int status, String contentType, byte[] content, CharSequence field, String value) {
        if (answer != Answer.NONE) {
            return;
        }
        boolean hasBody = !request.method().equals(HttpMethod.HEAD) && status != 204;
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status),
                hasBody ? Unpooled.wrappedBuffer(content) : Unpooled.EMPTY_BUFFER);
        HttpHeaders headers = response.headers();
        addHeaders(headers, status);
        if (status != 204) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, content.length);
        }
        if (contentType != null) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
        }
        if (value != null) {
            headers.set(field, value);
        }
        answer = Answer.DONE;
        connection.answered(connection.context().writeAndFlush(response), keepAlive);
    }

    private void addHeaders(HttpHeaders headers, int status) {
        headers.set(HttpHeaderNames.DATE, service.date());
        String requestId = header(REQUEST_ID);
        if (requestId != null) {
            headers.set(REQUEST_ID, requestId);
        }
        String origin = service.allowedOrigin(this);
        if (origin != null) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.set(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
            if (isPreflight()) {
                headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, x-request-id");
                headers.set(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, "600");
            }
        }
        if (status == 429 || status == 503) {
            headers.set(HttpHeaderNames.RETRY_AFTER, "1");
        }
        if (status == 401) {
            headers.set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        keepAlive &= !service.isClosing() && !connection.isReceiving();
        if (!keepAlive) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }

    /** Begins an answer of server-sent events. */
    public void startEvents() {
        if (answer != Answer.NONE) {
            return;
        }
        answer = Answer.EVENTS;
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        HttpHeaders headers = response.headers();
        headers.set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        headers.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_CACHE);
        headers.set("x-accel-buffering", "no");
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            keepAlive = false;
        } else {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        addHeaders(headers, 200);
        connection.context().write(response);
    }

    /** Whether the answer consists of events. */
    public boolean hasEvents() {
        return answer == Answer.EVENTS;
    }

    /** Sends one event. */
    public void event(JsonBody json) {
        if (answer == Answer.EVENTS) {
            byte[] bytes = json.toJson();
            ByteBuf event = connection.context().alloc()
                    .buffer(DATA.length + bytes.length + EVENT_END.length)
                    .writeBytes(DATA).writeBytes(bytes).writeBytes(EVENT_END);
            connection.context().writeAndFlush(new DefaultHttpContent(event));
        }
    }

    /** Ends the events as clients expect it. */
    public void endEvents() {
        endEvents(Unpooled.wrappedBuffer(LAST_EVENT));
    }

    /** Ends the events with what went wrong, and the connection with them. */
    public void failEvents(ErrorBody error) {
        keepAlive = false;
        endEvents(Unpooled.wrappedBuffer(ERROR_EVENT, DATA, error.toJson(), EVENT_END));
    }

    private void endEvents(ByteBuf last) {
        if (answer != Answer.EVENTS) {
            last.release();
            return;
        }
        answer = Answer.DONE;
        connection.context().write(new DefaultHttpContent(last));
        ChannelFuture written = connection.context().writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        connection.answered(written, keepAlive);
    }

    /** Begins an answer of so many bytes, which {@link #write} sends in pieces. */
    public void startBody(int status, String contentType, long numBytes) {
        if (answer != Answer.NONE) {
            return;
        }
        if (request.method().equals(HttpMethod.HEAD)) {
            answer = Answer.DONE;
        } else {
            answer = Answer.PIECES;
        }
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
        addHeaders(response.headers(), status);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType).set(HttpHeaderNames.CONTENT_LENGTH, numBytes);
        connection.context().write(response);
        if (answer == Answer.DONE) {
            connection.answered(
                    connection.context().writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT), keepAlive);
        }
    }

    /** Sends a piece; its bytes must not change any more. Who sends while not {@link #isWritable} fills memory. */
    public void write(byte[] piece) {
        if (answer == Answer.PIECES) {
            connection.context().writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(piece)));
        }
    }

    /** Ends an answer in pieces, all of whose bytes must have been sent. */
    public void endBody() {
        if (answer == Answer.PIECES) {
            answer = Answer.DONE;
            connection.answered(
                    connection.context().writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT), keepAlive);
        }
    }

    /** Whether an answer in pieces is under way. */
    boolean hasPieces() {
        return answer == Answer.PIECES;
    }

    /** Gives the client up: closes its connection with what is unsent. */
    public void abandon() {
        connection.close();
    }

    void route(HttpRouter.Route chosen) {
        route = chosen;
    }

    /** Who takes the body in pieces, or null. */
    HttpRouter.Upload upload() {
        return route == null ? null : route.upload();
    }

    void body(byte[] bytes) {
        body = bytes;
    }

    /** Lets the handler answer. */
    void handle() {
        guard(() -> route.handler().handle(this));
    }

    /** Runs what a handler does later; its mistakes are answers too. On the exchange's event loop. */
    public void guard(Runnable code) {
        try {
            code.run();
        } catch (InputException e) {
            respond(400, ErrorBody.of(e));
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("{} {} failed because of a defect", method(), path, e);
            keepAlive = false;
            if (answer == Answer.NONE) {
                respond(500, ErrorBody.defect());
            } else {
                connection.close();
            }
        }
    }

    /** The connection ends with this answer. */
    void lastOnConnection() {
        keepAlive = false;
    }

    /** Whether the body is worth waiting for before a refusal. */
    boolean isShort() {
        return !expectsContinue() && !HttpUtil.isTransferEncodingChunked(request)
                && RequestErrors.contentLength(request.headers()) <= SHORT_BODY_BYTES;
    }

    boolean expectsContinue() {
        return HttpUtil.is100ContinueExpected(request);
    }

    boolean isPreflight() {
        return request.method().equals(HttpMethod.OPTIONS)
                && request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
    }

    boolean takesInterimResponses() {
        return answer == Answer.NONE && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    }

    String shownMethod() {
        return shown(method());
    }

    String shownPath() {
        return shown(path);
    }

    private static String shown(String text) {
        return text.length() <= MAX_SHOWN_CHARS ? text : text.substring(0, MAX_SHOWN_CHARS) + "...";
    }

    void writable() {
        if (whenWritable != null && answer != Answer.DONE) {
            whenWritable.run();
        }
    }

    /** The client is gone. */
    void gone() {
        boolean wasOpen = answer != Answer.DONE;
        answer = Answer.DONE;
        if (wasOpen && whenGone != null) {
            whenGone.run();
        }
    }
}
