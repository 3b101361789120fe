package io.penstock.serving.stream;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The event loops that all protocols share, and the kind of socket that they serve: epoll's where there is one.
 *
 * @param numThreads loops, each with a thread of its own
 */
public record IoThreads(EventLoopGroup group, Class<? extends ServerChannel> serverChannel, int numThreads)
        implements AutoCloseable {
    private static final int MOST_BY_DEFAULT = 8;
    private static final long QUIET_MS = 0;
    private static final long TIMEOUT_MS = 2_000;

    /** Starts the loops. */
    public static IoThreads start(int numThreads) {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        var group = new MultiThreadIoEventLoopGroup(
                numThreads, new DefaultThreadFactory("penstock-io", true), handlers);
        return new IoThreads(group, epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class, numThreads);
    }

    /** Half of the cores, but no more than a gateway's few connections can use. */
    public static int defaultNumThreads() {
        return Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, MOST_BY_DEFAULT);
    }

    /** The loop whose thread this is, or any where it is none's. */
    public EventExecutor currentLoop() {
        for (EventExecutor loop : group) {
            if (loop.inEventLoop()) {
                return loop;
            }
        }
        return group.next();
    }

    /** Ends the loops; what is still open on them is closed. */
    @Override
    public void close() {
        group.shutdownGracefully(QUIET_MS, TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(2 * TIMEOUT_MS);
    }
}
