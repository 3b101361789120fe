package io.penstock.bench.streams;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * One stream after the other on one HTTP connection. Looks at lines alone: each event is one, whatever chunk it comes
 * in, and its token ids are what counts.
 */
final class SseStreamClient extends SimpleChannelInboundHandler<ByteBuf> implements StreamClient {
    private static final String DATA = "data: ";
    private static final String DONE = "data: [DONE]";
    private static final String OK = "HTTP/1.1 200";
    private static final String IDS = "\"token_ids\":[";

    private final byte[] request;
    private Channel channel;

    // Written by the connection's thread; read by another for a look.
    private long numTokens;
    private long numMessages;
    private volatile Throwable failure;
    private volatile boolean isStopped;

    SseStreamClient(int number, int promptTokens, int maxTokens) {
        StringBuilder prompt = new StringBuilder();
        for (int i = 0; i < promptTokens; i++) {
            prompt.append(i == 0 ? "" : ",").append(1 + (number * 7 + i * 13) % 997);
        }
        String body = "{\"prompt\":[" + prompt + "],\"max_tokens\":" + maxTokens
                + ",\"temperature\":0,\"ignore_eos\":true,\"stream\":true,\"return_token_ids\":true}";
        request = ("POST /v1/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII);
    }

    void connected(Channel to) {
        channel = to;
    }

    @Override
    public void start() {
        channel.writeAndFlush(Unpooled.wrappedBuffer(request));
    }

    @Override
    public void stop() {
        isStopped = true;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf line) {
        String text = line.toString(StandardCharsets.UTF_8);
        if (text.startsWith(DONE)) {
            if (!isStopped) {
                start();
            }
        } else if (text.startsWith(DATA)) {
            numMessages++;
            numTokens += numIds(text);
        } else if (text.startsWith("HTTP/") && !text.startsWith(OK)) {
            failure = new IOException(text);
        }
    }

    private static int numIds(String event) {
        int at = event.indexOf(IDS);
        if (at < 0 || event.charAt(at + IDS.length()) == ']') {
            return 0;
        }
        int number = 1;
        for (int i = at + IDS.length(); event.charAt(i) != ']'; i++) {
            number += event.charAt(i) == ',' ? 1 : 0;
        }
        return number;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (!isStopped) {
            failure = new IOException("the server closed the connection");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!isStopped) {
            failure = cause;
        }
    }

    @Override
    public long numTokens() {
        return numTokens;
    }

    @Override
    public long numMessages() {
        return numMessages;
    }

    @Override
    public Throwable failure() {
        return failure;
    }
}
