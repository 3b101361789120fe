package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.HealthCheckRequest;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever a client does, the next one is served and nothing is left behind. */
class HostileClientsTest {
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

    private static DemoServer server;

    @BeforeAll
    static void start() {
        server = DemoServer.small();
    }

    @AfterAll
    static void end() {
        server.close();
    }

    @AfterEach
    void othersAreServed() throws InterruptedException {
        server.awaitEmpty();
        assertTrue(server.stub().healthCheck(HealthCheckRequest.getDefaultInstance()).getHealthy());
        assertEquals(2, DemoServer.Answer.of(server.stub().generate(
                DemoServer.exactly("after", 2).setStream(true).build())).tokenIds().size());
    }

    private static Socket connect() throws IOException {
        var socket = new Socket();
        socket.connect(new InetSocketAddress("127.0.0.1", server.grpc.port()), 5_000);
        socket.setSoTimeout(20_000);
        return socket;
    }

    /** Sends bytes and reads until the server closes; what it said. */
    private static byte[] answer(byte[]... parts) throws IOException {
        try (Socket socket = connect()) {
            for (byte[] part : parts) {
                socket.getOutputStream().write(part);
            }
            socket.shutdownOutput();
            return socket.getInputStream().readAllBytes();
        } catch (SocketException e) {
            return new byte[0];
        }
    }

    @Test
    void otherProtocolsAreClosed() throws IOException {
        for (String text : List.of(
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-x\r\n", "\u0016\u0003\u0001\u0002", "")) {
            answer(text.getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void randomBytesAreClosed() throws IOException {
        var random = new SplittableRandom(3);
        for (int i = 0; i < 60; i++) {
            byte[] bytes = new byte[1 + random.nextInt(400)];
            random.nextBytes(bytes);
            answer(bytes);
            answer(PREFACE, SETTINGS, bytes);
        }
    }

    @Test
    void oversizedAndMisplacedFramesAreClosed() throws IOException {
        byte[] hugeFrame = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0, 0, 0, 0, 0, 1};
        byte[] dataOnStream0 = {0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
        byte[] rstOfNothing = {0, 0, 4, 3, 0, 0, 0, 0, 9, 0, 0, 0, 8};
        byte[] windowOf0 = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        for (byte[] frame : List.of(hugeFrame, dataOnStream0, rstOfNothing, windowOf0)) {
            answer(PREFACE, SETTINGS, frame);
        }
    }

    @Test
    void pingFloodIsCutOff() throws IOException {
        byte[] ping = {0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
        byte[] flood = new byte[ping.length * 2_000];
        for (int i = 0; i < 2_000; i++) {
            System.arraycopy(ping, 0, flood, i * ping.length, ping.length);
        }
        answer(PREFACE, SETTINGS, flood);
    }

    @Test
    void silentConnectionsDoNoHarm() throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            sockets.add(connect());
        }
        assertTrue(server.stub().healthCheck(HealthCheckRequest.getDefaultInstance()).getHealthy());
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void brokenMessagesAreNoUnknownErrors() {
        var random = new SplittableRandom(5);
        for (int i = 0; i < 40; i++) {
            byte[] bytes = new byte[1 + random.nextInt(60)];
            random.nextBytes(bytes);
            bytes[0] = (byte) 0x0A;
            assertEquals(Status.Code.INVALID_ARGUMENT, code(bytes));
        }
        // A name, and a text, that are no UTF-8.
        assertEquals(Status.Code.INVALID_ARGUMENT, code(new byte[] {0x0A, 2, (byte) 0xC3, 0x28}));
        assertEquals(Status.Code.INVALID_ARGUMENT, code(new byte[] {0x1A, 2, (byte) 0xC3, 0x28}));
    }

    private static Status.Code code(byte[] message) {
        MethodDescriptor<byte[], GenerateResponse> method = VllmEngineGrpc.getGenerateMethod()
                .toBuilder(new Bytes(), VllmEngineGrpc.getGenerateMethod().getResponseMarshaller()).build();
        return assertThrows(StatusRuntimeException.class, () -> ClientCalls.blockingServerStreamingCall(
                server.channel, method, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), message)
                .forEachRemaining(_ -> { })).getStatus().getCode();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] bytes) {
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public byte[] parse(InputStream in) {
            try {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void hugeHeadersAreRefused() {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("x-large", Metadata.ASCII_STRING_MARSHALLER), "y".repeat(100_000));
        assertThrows(StatusRuntimeException.class, () -> server.stub()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .healthCheck(HealthCheckRequest.getDefaultInstance()));
    }

    @Test
    void clientsThatVanishLeaveNothing() {
        for (int i = 0; i < 5; i++) {
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpc.port()).usePlaintext()
                    .build();
            for (int j = 0; j < 6; j++) {
                VllmEngineGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS).generate(
                        DemoServer.exactly("v" + i + "-" + j, 480).setStream(true).build()).next();
            }
            channel.shutdownNow();
        }
    }
}
