package io.penstock.bench.loadgen.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.LoadClient;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.runtime.InputException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** Completions by events over HTTP/1.1. A request takes an idle connection of its event loop, or a new one. */
public final class HttpLoadClient implements LoadClient {
    private static final int CONNECT_TIMEOUT_MS = 30_000;

    private final HttpTarget target;
    private final long timeoutNs;
    private final LoadLoops loops;
    private final RequestWriter writer;
    private final SslContext tls;
    private final List<ArrayDeque<HttpStream>> idle = new ArrayList<>();

    /** @param timeoutNs after which a request has failed */
    public HttpLoadClient(HttpTarget target, LoadLoops loops, long timeoutNs) {
        this.target = target;
        this.timeoutNs = timeoutNs;
        this.loops = loops;
        writer = new RequestWriter(target);
        tls = target.isTls() ? tls(target.isInsecure()) : null;
        loops.list().forEach(_ -> idle.add(new ArrayDeque<>()));
    }

    private static SslContext tls(boolean isInsecure) {
        SslContextBuilder builder = SslContextBuilder.forClient();
        try {
            return (isInsecure ? builder.trustManager(InsecureTrustManagerFactory.INSTANCE) : builder).build();
        } catch (SSLException e) {
            throw new InputException("there is no TLS here: " + e.getMessage(), e);
        }
    }

    @Override
    public List<EventLoop> loops() {
        return loops.list();
    }

    @Override
    public void send(LoadRequest request, RequestRecord record) {
        int loop = loops.choose();
        // Never at once: what ends a request sends the next one, and a server that is gone would end that, too.
        loops.loop(loop).execute(() -> start(loop, request, record));
    }

    private void start(int loop, LoadRequest request, RequestRecord record) {
        HttpStream stream = idle.get(loop).pollLast();
        if (stream != null) {
            stream.begin(request, record, true);
        } else {
            connect(loop, request, record);
        }
    }

    private void connect(int loop, LoadRequest request, RequestRecord record) {
        var stream = new HttpStream(this, loop);
        new Bootstrap()
                .group(loops.loop(loop))
                .channel(LoadLoops.channelType())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(
                                    tls.newHandler(channel.alloc(), target.host(), target.port()));
                        }
                        channel.pipeline().addLast(new HttpResponseDecoder(), stream);
                    }
                })
                .connect(target.host(), target.port())
                .addListener(connected -> {
                    if (connected.isSuccess()) {
                        stream.begin(request, record, false);
                    } else {
                        record.failed(System.nanoTime(), FailureKind.CONNECT, "no connection to "
                                + target.base().getRawAuthority() + ": " + reason(connected.cause()));
                    }
                });
    }

    private static String reason(Throwable cause) {
        return cause.getCause() != null && cause.getCause().getMessage() != null ? cause.getCause().getMessage()
                : String.valueOf(cause.getMessage());
    }

    /** A connection that was idle turned out to be closed: the request goes out on a new one. */
    void again(int loop, LoadRequest request, RequestRecord record) {
        connect(loop, request, record);
    }

    void idle(int loop, HttpStream stream) {
        idle.get(loop).addLast(stream);
    }

    void gone(int loop, HttpStream stream) {
        idle.get(loop).remove(stream);
    }

    RequestWriter writer() {
        return writer;
    }

    io.netty.util.concurrent.Future<?> timeout(int loop, Runnable task) {
        return loops.loop(loop).schedule(task, timeoutNs, TimeUnit.NANOSECONDS);
    }

    long timeoutNs() {
        return timeoutNs;
    }

    @Override
    public void close() {
        loops.close();
    }
}
