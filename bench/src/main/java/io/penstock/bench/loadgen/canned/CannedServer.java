package io.penstock.bench.loadgen.canned;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.penstock.bench.loadgen.client.LoadLoops;
import io.penstock.runtime.InputException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.HdrHistogram.Histogram;

/** Listens on loopback and answers completions, plain and chat, with events rendered beforehand. */
public final class CannedServer implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final int MAX_REQUEST_BYTES = 64 << 20;
    private static final int BACKLOG = 4_096;

    private final LoadLoops loops;
    private final List<Pacer> pacers = new ArrayList<>();
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listener;

    private CannedServer(CannedOptions options, int port, LoadLoops loops) {
        this.loops = loops;
        loops.list().forEach(loop -> pacers.add(new Pacer(loop)));
        listener = new ServerBootstrap()
                .group(loops.group())
                .channel(Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channels.add(channel);
                        channel.pipeline().addLast(new HttpRequestDecoder(),
                                new HttpObjectAggregator(MAX_REQUEST_BYTES),
                                new CannedStream(options, pacerOf(channel.eventLoop())));
                    }
                })
                .bind(new InetSocketAddress(HOST, port)).awaitUninterruptibly().channel();
        if (!listener.isActive()) {
            loops.close();
            throw new InputException("cannot listen on " + HOST + ":" + port
                    + ": another program has the port; give another one with --port");
        }
    }

    /**
     * Starts one.
     *
     * @param port 0 for any
     * @param isBusy whether its threads never sleep, to write on time
     */
    public static CannedServer start(CannedOptions options, int port, int numThreads, boolean isBusy) {
        return new CannedServer(options, port, new LoadLoops(numThreads, isBusy));
    }

    private Pacer pacerOf(EventLoop loop) {
        return pacers.stream().filter(pacer -> pacer.loop() == loop).findFirst().orElseThrow();
    }

    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /** {@code http://127.0.0.1:port}. */
    public String baseUrl() {
        return "http://" + HOST + ":" + port();
    }

    /** From now on nothing is written for a while; what was due then comes together afterwards. */
    public void stall(long durationNs) {
        long nowNs = System.nanoTime();
        pacers.forEach(pacer -> pacer.stall(nowNs, nowNs + durationNs));
    }

    /** From reading a request to writing its first event, as it was. */
    public Histogram firstNs() {
        return sum(Pacer::firstNs);
    }

    /** From writing an event to writing the next one, as it was. */
    public Histogram gapNs() {
        return sum(Pacer::gapNs);
    }

    private Histogram sum(Function<Pacer, Histogram> of) {
        Histogram all = new Histogram(3);
        for (Pacer pacer : pacers) {
            Histogram copy = pacer.loop().submit(() -> of.apply(pacer).copy()).syncUninterruptibly().getNow();
            all.add(copy);
        }
        return all;
    }

    /** Tokens written. */
    public long numTokens() {
        return pacers.stream().mapToLong(pacer ->
                pacer.loop().submit(pacer::numTokens).syncUninterruptibly().getNow()).sum();
    }

    /** Begins to count anew, behind a warm-up. */
    public void forget() {
        pacers.forEach(pacer -> pacer.loop().submit(pacer::forget).syncUninterruptibly());
    }

    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        // Loops that end do not close what they have accepted: clients would wait for ever.
        channels.close().awaitUninterruptibly();
        loops.close();
    }
}
