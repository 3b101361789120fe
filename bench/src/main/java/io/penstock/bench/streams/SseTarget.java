package io.penstock.bench.streams;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.penstock.serving.api.ApiContext;
import io.penstock.serving.api.ApiRoutes;
import io.penstock.serving.api.MetricsWriter;
import io.penstock.serving.http.ApiKeys;
import io.penstock.serving.http.HttpOptions;
import io.penstock.serving.http.HttpServer;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.IoThreads;
import java.util.ArrayList;
import java.util.List;

/** Completions by events over HTTP, a connection a stream. */
final class SseTarget implements StreamTarget {
    private static final int MAX_LINE_BYTES = 1 << 20;
    private static final String HOST = "127.0.0.1";

    private final HttpServer server;
    private final IoThreads clientThreads = IoThreads.start(1);

    SseTarget(ServingCore core, IoThreads io, MetricsWriter metrics) {
        var api = new ApiContext(core, List.of(core.model().name()), 0, metrics, false);
        server = HttpServer.start(io, HttpOptions.at(HOST, 0), ApiRoutes.forClients(api), new ApiKeys(List.of()));
    }

    @Override
    public List<SseStreamClient> clients(int number, int promptTokens, int maxTokens) {
        List<SseStreamClient> clients = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            var client = new SseStreamClient(i, promptTokens, maxTokens);
            Channel channel = new Bootstrap()
                    .group(clientThreads.group())
                    .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel connected) {
                            connected.pipeline().addLast(new LineBasedFrameDecoder(MAX_LINE_BYTES), client);
                        }
                    })
                    .connect(HOST, server.port()).syncUninterruptibly().channel();
            client.connected(channel);
            clients.add(client);
        }
        return clients;
    }

    @Override
    public void close() {
        server.close();
        clientThreads.close();
    }
}
