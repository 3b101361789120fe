package io.penstock.bench.streams;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.penstock.serving.grpc.GrpcServer;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.server.Profiler;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.IoThreads;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The engine protocol over a few connections. */
final class GrpcTarget implements StreamTarget {
    private final GrpcServer server;
    private final List<ManagedChannel> channels = new ArrayList<>();

    GrpcTarget(ServingCore core, IoThreads io, int numConnections) {
        server = new GrpcServer(core, io, new Profiler(null),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null);
        server.start();
        for (int i = 0; i < numConnections; i++) {
            channels.add(NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().directExecutor()
                    .build());
        }
    }

    @Override
    public List<GrpcStreamClient> clients(int number, int promptTokens, int maxTokens) {
        List<GrpcStreamClient> clients = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            var stub = VllmEngineGrpc.newStub(channels.get(i % channels.size()));
            clients.add(new GrpcStreamClient(stub, i, promptTokens, maxTokens));
        }
        return clients;
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        server.close();
    }
}
