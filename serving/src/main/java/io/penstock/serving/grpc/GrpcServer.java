package io.penstock.serving.grpc;

import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContext;
import io.penstock.runtime.InputException;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.server.Health;
import io.penstock.serving.server.Profiler;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.server.Tls;
import io.penstock.serving.stream.IoThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** The gRPC port: the engine protocol, health and reflection. */
public final class GrpcServer implements AutoCloseable {
    /** Gateways ping every 30 s, with and without calls. */
    private static final long LEAST_PING_SECONDS = 10;
    private static final int MAX_MESSAGE_BYTES = 256 << 20;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_CALLS_PER_CONNECTION = 16_384;
    private static final int BACKLOG = 4_096;

    /** Calls that a connection may take back in so many seconds; a gateway that loses its clients does some. */
    private static final int MAX_RESETS = 20_000;
    private static final int RESET_WINDOW_SECONDS = 10;
    private static final long END_SECONDS = 2;

    private final HealthStatusManager health = new HealthStatusManager();
    private final EngineService engine;
    private final Server server;

    /**
     * Makes the server; {@link #start} opens its port.
     *
     * @param tls null for plain text
     */
    public GrpcServer(ServingCore core, IoThreads io, Profiler profiler, InetSocketAddress address, Tls tls) {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(address)
                .bossEventLoopGroup(io.group())
                .workerEventLoopGroup(io.group())
                .channelType(io.serverChannel())
                .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
                .withChildOption(ChannelOption.TCP_NODELAY, true)
                .directExecutor()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(MAX_HEADER_BYTES)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .maxRstFramesPerWindow(MAX_RESETS, RESET_WINDOW_SECONDS)
                .permitKeepAliveTime(LEAST_PING_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true);
        if (tls != null) {
            builder.sslContext(context(tls));
        }
        engine = new EngineService(core, io, profiler);
        addServices(builder);
        server = builder.build();
        status(core.health());
        core.onHealth(this::status);
    }

    private void addServices(ServerBuilder<?> builder) {
        builder.intercept(new EarlyHeaders(VllmEngineGrpc.getSubscribeKvEventsMethod().getFullMethodName()))
                .intercept(new NeverUnknown())
                .addService(BrokenMessages.asNull(engine.bindService()))
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance());
        addOldReflection(builder);
    }

    /** Clients that are a few years old ask for the reflection service by its first name. */
    @SuppressWarnings("deprecation")
    private static void addOldReflection(ServerBuilder<?> builder) {
        builder.addService(io.grpc.protobuf.services.ProtoReflectionService.newInstance());
    }

    private static SslContext context(Tls tls) {
        try {
            return GrpcSslContexts.configure(tls.builder()).build();
        } catch (SSLException e) {
            throw tls.unusable(e);
        }
    }

    private void status(Health now) {
        ServingStatus status = now == Health.SERVING ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
        health.setStatus(VllmEngineGrpc.SERVICE_NAME, status);
    }

    /**
     * Opens the port.
     *
     * @throws InputException if it cannot be opened
     */
    public void start() {
        try {
            server.start();
        } catch (IOException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new InputException("gRPC cannot listen at " + server + ": " + cause.getMessage(), e);
        }
    }

    /** The port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /** Takes no new connections or calls and lets those end that are there, within a short time: all have answers. */
    @Override
    public void close() {
        server.shutdown();
        engine.close();
        try {
            if (!server.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
                server.shutdownNow();
                server.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            server.shutdownNow();
        }
    }
}
