package io.penstock.serving.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.penstock.runtime.InputException;
import io.penstock.serving.stream.IoThreads;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** A port that speaks HTTP/1.1. Owned by whoever started it; the event loops are shared and stay. */
public final class HttpServer implements AutoCloseable {
    private static final int BACKLOG = 4096;
    private static final int FLUSH_AFTER = 64;
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 << 10, 64 << 10);

    private final HttpService service;
    private final Channel channel;

    private HttpServer(HttpService service, Channel channel) {
        this.service = service;
        this.channel = channel;
    }

    /**
     * Listens.
     *
     * @throws InputException if the address cannot be listened at
     */
    public static HttpServer start(IoThreads io, HttpOptions options, HttpRouter router, ApiKeys keys) {
        HttpService service = new HttpService(options, router, keys);
        ChannelFuture bound = new ServerBootstrap()
                .group(io.group())
                .channel(io.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        fill(child.pipeline(), options, service);
                    }
                })
                .bind(new InetSocketAddress(options.host(), options.port()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new InputException("cannot listen at " + options.host() + ":" + options.port() + ": "
                    + bound.cause().getMessage() + "; choose another --host or --port", bound.cause());
        }
        return new HttpServer(service, bound.channel());
    }

    private static void fill(ChannelPipeline pipeline, HttpOptions options, HttpService service) {
        if (options.tls() != null) {
            pipeline.addLast(options.tls().newHandler(pipeline.channel().alloc()));
        }
        pipeline.addLast(new FlushConsolidationHandler(FLUSH_AFTER, true));
        pipeline.addLast(new StrictRequestDecoder(options.limits()));
        pipeline.addLast(new HttpResponseEncoder());
        pipeline.addLast(new HttpConnection(service));
    }

    /** The port that it listens at. */
    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    public int numConnections() {
        return service.numConnections();
    }

    /** From here on connections end with the answer that is under way; what comes is answered still. */
    public void beginClosing() {
        service.beginClosing();
    }

    /**
     * Listens no more, and waits for the connections: each ends when its client has the answer that is under way, idle
     * ones at once.
     *
     * @param ns the longest to wait
     */
    public void finish(long ns) {
        service.beginClosing();
        channel.close().awaitUninterruptibly();
        service.channels().forEach(open -> open.pipeline().fireUserEventTriggered(HttpConnection.Finish.ASKED));
        service.channels().newCloseFuture().awaitUninterruptibly(ns, TimeUnit.NANOSECONDS);
    }

    /** Listens no more and closes all connections. */
    @Override
    public void close() {
        service.beginClosing();
        channel.close().awaitUninterruptibly();
        service.channels().close().awaitUninterruptibly();
    }
}
