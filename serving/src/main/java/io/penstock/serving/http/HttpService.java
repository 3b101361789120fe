package io.penstock.serving.http;

import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.penstock.serving.openai.response.ErrorBody;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What the connections of one port share: who answers, who may ask, and what all of them together may take. */
final class HttpService {
    private static final DateTimeFormatter DATE = DateTimeFormatter
            .ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private static final HttpRouter.Route PREFLIGHT =
            new HttpRouter.Route(HttpExchange::respondToPreflight, true, null);

    private final HttpOptions options;
    private final HttpRouter router;
    private final ApiKeys keys;
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final AtomicInteger numConnections = new AtomicInteger();
    private final AtomicLong bufferedBytes = new AtomicLong();
    private volatile Now now = new Now(0, "");
    private volatile boolean isClosing;

    private record Now(long second, String date) {}

    HttpService(HttpOptions options, HttpRouter router, ApiKeys keys) {
        this.options = options;
        this.router = router;
        this.keys = keys;
    }

    HttpLimits limits() {
        return options.limits();
    }

    /** Whether bytes are sent as they are. */
    boolean isPlain() {
        return options.tls() == null;
    }

    /** Whether connections end with the answer under way. */
    boolean isClosing() {
        return isClosing;
    }

    void beginClosing() {
        isClosing = true;
    }

    ChannelGroup channels() {
        return channels;
    }

    int numConnections() {
        return numConnections.get();
    }

    /** Whether one more connection is welcome. */
    boolean opened(Channel channel) {
        channels.add(channel);
        return numConnections.incrementAndGet() <= limits().maxConnections();
    }

    void closed(Channel channel) {
        channels.remove(channel);
        numConnections.decrementAndGet();
    }

    boolean reserve(int bytes) {
        if (bufferedBytes.addAndGet(bytes) > limits().maxBufferedBytes()) {
            bufferedBytes.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void unreserve(int bytes) {
        bufferedBytes.addAndGet(-bytes);
    }

    /** Why a request is not answered; null where it is. Gives the exchange its route. */
    RequestErrors.Refusal refusal(HttpExchange exchange) {
        if (exchange.isPreflight() && allowedOrigin(exchange) != null) {
            exchange.route(PREFLIGHT);
            return null;
        }
        HttpRouter.Match match = router.find(exchange.method(), exchange.path());
        boolean isOpen = match instanceof HttpRouter.Match.Found(HttpRouter.Route route) && route.isOpen();
        if (!isOpen && !keys.admits(exchange.header(HttpHeaderNames.AUTHORIZATION))) {
            return new RequestErrors.Refusal(401, ErrorBody.unauthorized(), null);
        }
        return switch (match) {
            case HttpRouter.Match.Found(HttpRouter.Route route) -> {
                exchange.route(route);
                yield null;
            }
            case HttpRouter.Match.WrongMethod(String allowed) -> new RequestErrors.Refusal(405,
                    new ErrorBody("this path does not take " + exchange.shownMethod() + ": use " + allowed,
                            ErrorBody.INVALID_REQUEST, null, null), allowed);
            case HttpRouter.Match.NoPath() -> RequestErrors.invalid(404,
                    "nothing is served at " + exchange.shownPath() + ": see /v1/models for what is");
        };
    }

    /** The origin to allow in an answer, {@code *}, or null. */
    String allowedOrigin(HttpExchange exchange) {
        String origin = exchange.header(HttpHeaderNames.ORIGIN);
        if (origin == null || options.allowedOrigins().isEmpty()) {
            return null;
        }
        if (options.allowedOrigins().contains("*")) {
            return "*";
        }
        return options.allowedOrigins().contains(origin) ? origin : null;
    }

    /** The time as a header has it. */
    String date() {
        long second = TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis());
        Now last = now;
        if (last.second != second) {
            last = new Now(second, DATE.format(Instant.ofEpochSecond(second)));
            now = last;
        }
        return last.date;
    }
}
