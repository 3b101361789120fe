package io.penstock.bench.loadgen.canned;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.bench.loadgen.client.HttpTarget;
import java.nio.charset.StandardCharsets;

/**
 * One connection: answers one request after the other, an event whenever its pacer says. A delay begins when a stamped
 * request was sent, so that its way here is a part of it; else when it was read.
 */
final class CannedStream extends SimpleChannelInboundHandler<FullHttpRequest> implements Comparable<CannedStream> {
    private static final int EVENTS_BEFORE_FAULT = 2;
    private static final int PROMPT_TOKENS = 1;

    private final CannedOptions options;
    private final Pacer pacer;
    private ChannelHandlerContext context;
    private ByteBuf token;
    private ByteBuf end;
    private int endTokens;
    private long askedNs;
    private long writtenNs;
    private long dueNs;
    private int numLeft;
    private int numEvents;

    CannedStream(CannedOptions options, Pacer pacer) {
        this.options = options;
        this.pacer = pacer;
    }

    long dueNs() {
        return dueNs;
    }

    @Override
    public int compareTo(CannedStream other) {
        return Long.compare(dueNs, other.dueNs);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext from, FullHttpRequest request) {
        String sentNs = request.headers().get(HttpTarget.SENT_HEADER);
        askedNs = sentNs == null ? System.nanoTime() : Long.parseLong(sentNs);
        if (!request.method().equals(HttpMethod.POST)) {
            context.writeAndFlush(known(request.uri()).duplicate());
            return;
        }
        ByteBuf refusal = switch (options.fault()) {
            case UNAUTHORIZED -> CannedBytes.UNAUTHORIZED;
            case NO_MODEL -> CannedBytes.NO_MODEL;
            case UNAVAILABLE -> CannedBytes.UNAVAILABLE;
            case NONE, CLOSES, ERROR_EVENT, GARBAGE -> null;
        };
        if (refusal != null) {
            context.writeAndFlush(refusal.duplicate());
            return;
        }
        token = request.uri().endsWith("/chat/completions") ? CannedBytes.CHAT_TOKEN : CannedBytes.TOKEN;
        numLeft = numTokens(request.content().toString(StandardCharsets.UTF_8));
        if (endTokens != numLeft) {
            endTokens = numLeft;
            end = CannedBytes.end(PROMPT_TOKENS, numLeft);
        }
        numEvents = 0;
        dueNs = askedNs + options.firstDelayNs();
        pacer.add(this);
    }

    private static ByteBuf known(String uri) {
        return uri.endsWith("/v1/models") ? CannedBytes.MODELS
                : uri.endsWith("/version") ? CannedBytes.VERSION : CannedBytes.NOTHING_THERE;
    }

    /** The number behind {@code max_tokens} or {@code max_completion_tokens}, whichever comes first. */
    private int numTokens(String body) {
        int at = Math.max(body.indexOf("\"max_tokens\":"), body.indexOf("\"max_completion_tokens\":"));
        if (at < 0) {
            return options.outputTokens();
        }
        int number = 0;
        for (int i = body.indexOf(':', at) + 1; i < body.length(); i++) {
            char digit = body.charAt(i);
            if (digit == ' ') {
                continue;
            }
            if (digit < '0' || digit > '9') {
                break;
            }
            number = number * 10 + digit - '0';
        }
        return Math.max(1, number);
    }

    /** Writes the next event, and says whether there is another one. */
    boolean write(Pacer from) {
        if (numEvents == EVENTS_BEFORE_FAULT && options.fault() != CannedOptions.Fault.NONE) {
            fail();
            return false;
        }
        int now = Math.min(numLeft, options.tokensPerEvent());
        long nowNs = System.nanoTime();
        if (numEvents == 0) {
            context.write(CannedBytes.HEAD.duplicate());
            from.wroteFirst(nowNs - askedNs, now);
        } else {
            from.wroteNext(nowNs - writtenNs, now);
        }
        writtenNs = nowNs;
        numEvents++;
        numLeft -= now;
        context.write(token.duplicate());
        if (numLeft == 0) {
            context.writeAndFlush(end.retainedDuplicate());
            return false;
        }
        context.flush();
        // From when it was due: a late event does not make the next ones late.
        dueNs = Math.max(dueNs + options.gapNs(), nowNs - options.gapNs());
        return true;
    }

    private void fail() {
        switch (options.fault()) {
            case CLOSES -> context.close();
            case ERROR_EVENT -> context.writeAndFlush(CannedBytes.ERROR_EVENT.duplicate());
            case GARBAGE -> context.writeAndFlush(CannedBytes.GARBAGE.duplicate());
            case NONE, UNAUTHORIZED, NO_MODEL, UNAVAILABLE -> throw new IllegalStateException("no fault in a stream");
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext gone) {
        pacer.remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext where, Throwable cause) {
        context.close();
    }
}
