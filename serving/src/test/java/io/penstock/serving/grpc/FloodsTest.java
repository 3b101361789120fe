package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.serving.grpc.wire.HealthCheckRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Floods of HTTP/2 frames that cost a server more than their sender: the connection ends, everybody else is served. */
class FloodsTest {
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int CONTINUATION = 9;
    private static final int END_HEADERS = 4;
    private static final byte[] NOTHING = {};

    private static final int MAX_SECONDS = 8;
    private static final int FRAMES_AT_ONCE = 200;

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

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length).put((byte) (payload.length >> 16))
                .putShort((short) payload.length).put((byte) type).put((byte) flags).putInt(stream).put(payload)
                .array();
    }

    /** A header block for a call of Generate, without a table of its own. */
    private static byte[] headers() {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write(0x83);
        block.write(0x86);
        literal(block, ":path", "/vllm.grpc.engine.VllmEngine/Generate");
        literal(block, ":authority", "x");
        literal(block, "content-type", "application/grpc");
        literal(block, "te", "trailers");
        return block.toByteArray();
    }

    private static void literal(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        for (String text : new String[] {name, value}) {
            block.write(text.length());
            block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Sends frames until the server closes the connection. */
    private static void flood(String what, IntFunction<byte[]> frames) throws IOException {
        long startNs = System.nanoTime();
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", server.grpc.port()), 5_000);
            Thread reader = Thread.ofVirtual().start(() -> readAll(socket));
            OutputStream out = socket.getOutputStream();
            out.write(PREFACE);
            out.write(frame(SETTINGS, 0, 0, NOTHING));
            for (int i = 0; System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(MAX_SECONDS); i += FRAMES_AT_ONCE) {
                ByteArrayOutputStream some = new ByteArrayOutputStream();
                for (int j = i; j < i + FRAMES_AT_ONCE; j++) {
                    some.writeBytes(frames.apply(j));
                }
                out.write(some.toByteArray());
            }
            reader.interrupt();
            throw new AssertionError(what + " may go on for " + MAX_SECONDS + " s");
        } catch (SocketException e) {
            // Closed.
        }
    }

    private static void readAll(Socket socket) {
        byte[] buffer = new byte[1 << 16];
        try {
            while (socket.getInputStream().read(buffer) >= 0) {
                // What a server answers to a flood says nothing more.
            }
        } catch (IOException e) {
            // The sender hears of it, too.
        }
    }

    @Test
    void callsThatAreTakenBackAtOnce() throws IOException {
        byte[] open = headers();
        flood("rapid reset", i -> i % 2 == 0 ? frame(HEADERS, END_HEADERS, i + 1, open)
                : frame(RST_STREAM, 0, i, new byte[] {0, 0, 0, 8}));
    }

    @Test
    void headersWithoutAnEnd() throws IOException {
        byte[] open = headers();
        flood("empty continuations", i -> i == 0 ? frame(HEADERS, 0, 1, open) : frame(CONTINUATION, 0, 1, NOTHING));
        byte[] field = new byte[40];
        field[1] = 1;
        field[2] = 'a';
        field[3] = 36;
        flood("continuations", i -> i == 0 ? frame(HEADERS, 0, 1, open) : frame(CONTINUATION, 0, 1, field));
    }

    @Test
    void pings() throws IOException {
        flood("pings", i -> frame(PING, 0, 0, new byte[8]));
    }

    /** What costs its sender as much may go on, beside everybody else's calls. */
    @Test
    void framesThatAskForLittle() throws Exception {
        byte[] open = headers();
        beside(i -> frame(SETTINGS, 0, 0, NOTHING), true);
        beside(i -> frame(SETTINGS, 0, 0, NOTHING), false);
        beside(i -> i == 0 ? frame(HEADERS, END_HEADERS, 1, open) : frame(DATA, 0, 1, NOTHING), true);
    }

    private static void beside(IntFunction<byte[]> frames, boolean reads) throws Exception {
        Thread reader;
        Thread writer;
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", server.grpc.port()), 5_000);
            reader = Thread.ofVirtual().start(() -> {
                if (reads) {
                    readAll(socket);
                }
            });
            writer = Thread.ofPlatform().start(() -> writeAll(socket, frames));
            for (int i = 0; i < 20; i++) {
                assertTrue(server.stub().healthCheck(HealthCheckRequest.getDefaultInstance()).getHealthy());
                TimeUnit.MILLISECONDS.sleep(25);
            }
        }
        writer.join();
        reader.join();
    }

    private static void writeAll(Socket socket, IntFunction<byte[]> frames) {
        try {
            OutputStream out = socket.getOutputStream();
            out.write(PREFACE);
            out.write(frame(SETTINGS, 0, 0, NOTHING));
            for (int i = 0; !socket.isClosed(); i++) {
                out.write(frames.apply(i));
            }
        } catch (IOException e) {
            // The server, or the test, has closed it.
        }
    }
}
