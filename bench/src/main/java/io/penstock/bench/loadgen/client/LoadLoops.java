package io.penstock.bench.loadgen.client;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The event loops of a client, and which of them a request goes to. */
public final class LoadLoops implements AutoCloseable {
    private static final long TIMEOUT_MS = 5_000;
    private static final SelectStrategy BUSY =
            (now, hasTasks) -> hasTasks ? now.get() : SelectStrategy.BUSY_WAIT;

    private final MultiThreadIoEventLoopGroup group;
    private final List<EventLoop> loops = new ArrayList<>();
    private final AtomicInteger next = new AtomicInteger();

    /**
     * Starts the threads.
     *
     * @param isBusy whether they ask for news without end instead of sleeping: a core each, and no time to wake up
     */
    public LoadLoops(int numLoops, boolean isBusy) {
        IoHandlerFactory handlers = !Epoll.isAvailable() ? NioIoHandler.newFactory()
                : isBusy ? EpollIoHandler.newFactory(0, () -> BUSY)
                : EpollIoHandler.newFactory();
        group = new MultiThreadIoEventLoopGroup(numLoops, new DefaultThreadFactory("penstock-load", true), handlers);
        for (EventExecutor loop : group) {
            loops.add((EventLoop) loop);
        }
    }

    /** All of them. */
    public List<EventLoop> list() {
        return loops;
    }

    EventLoop loop(int index) {
        return loops.get(index);
    }

    /** The calling loop, where it is one; else each in turn. */
    int choose() {
        for (int i = 0; i < loops.size(); i++) {
            if (loops.get(i).inEventLoop()) {
                return i;
            }
        }
        return Math.floorMod(next.getAndIncrement(), loops.size());
    }

    /** For bootstraps. */
    public EventLoopGroup group() {
        return group;
    }

    static Class<? extends SocketChannel> channelType() {
        return Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(2 * TIMEOUT_MS);
    }
}
