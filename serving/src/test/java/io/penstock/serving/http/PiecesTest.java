package io.penstock.serving.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.serving.stream.IoThreads;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies in pieces, both ways: to a file by a worker that the connection waits for, and from one. */
class PiecesTest {
    private static final int MAX_UPLOAD = 24 << 20;
    private static final int LENGTH = 20_000_003;

    private final LinkedBlockingQueue<String> ends = new LinkedBlockingQueue<>();
    private final AtomicInteger numHeld = new AtomicInteger();
    private final AtomicInteger mostHeld = new AtomicInteger();
    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private IoThreads io;
    private HttpServer server;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() {
        io = IoThreads.start(1);
        HttpLimits limits = HttpLimits.DEFAULTS.withMaxRequestBytes(1000)
                .withTimes(new HttpLimits.Times(TimeUnit.SECONDS.toNanos(20), TimeUnit.SECONDS.toNanos(1),
                        TimeUnit.SECONDS.toNanos(1), TimeUnit.MILLISECONDS.toNanos(300)));
        HttpRouter router = new HttpRouter()
                .addUpload("POST", "/files", MAX_UPLOAD, ToFile::new)
                .addUpload("POST", "/refused", MAX_UPLOAD, exchange -> {
                    throw new InputException("no room: delete some files");
                })
                .add("GET", "/files/*", exchange -> FileAnswer.send(
                        exchange, "application/octet-stream", folder.resolve(exchange.path().substring(7)), worker))
                .add("GET", "/query", exchange -> exchange.respond(
                        200, "text/plain", String.valueOf(exchange.query("a")).getBytes(StandardCharsets.UTF_8)));
        server = HttpServer.start(
                io, HttpOptions.at("127.0.0.1", 0).withLimits(limits), router, new ApiKeys(List.of("key")));
    }

    @AfterEach
    void close() {
        server.close();
        io.close();
        worker.shutdownNow();
    }

    /** Writes each piece by the worker, and takes the next only when the last is written. */
    private final class ToFile implements BodySink {
        private final HttpExchange exchange;
        private final Path file = folder.resolve("uploaded");
        private final OutputStream out;
        private long numBytes;

        ToFile(HttpExchange exchange) {
            this.exchange = exchange;
            try {
                out = Files.newOutputStream(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean take(byte[] piece) {
            numBytes += piece.length;
            mostHeld.accumulateAndGet(numHeld.incrementAndGet(), Math::max);
            worker.execute(() -> {
                try {
                    out.write(piece);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                numHeld.decrementAndGet();
                exchange.resumeBody();
            });
            return false;
        }

        @Override
        public void end() {
            ends.add("end");
            exchange.respond(200, "text/plain", Long.toString(numBytes).getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public void cut() {
            ends.add("cut");
        }
    }

    private RawClient client() throws IOException {
        return new RawClient(server.port());
    }

    private static String head(String path, String fields) {
        return "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n" + fields + "\r\n\r\n";
    }

    private String end() throws InterruptedException {
        return ends.poll(10, TimeUnit.SECONDS);
    }

    private static byte[] content() {
        byte[] content = new byte[LENGTH];
        new Random(1).nextBytes(content);
        return content;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .version(HttpClient.Version.HTTP_1_1).header("Authorization", "Bearer key");
    }

    @Test
    void aLongBodyGoesToAFileAndBackPieceByPiece() throws Exception {
        byte[] content = content();
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (HttpRequest.BodyPublisher body : List.of(
                    HttpRequest.BodyPublishers.ofByteArray(content),
                    HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofByteArray(content)))) {
                var sent = http.send(request("/files").POST(body).build(), HttpResponse.BodyHandlers.ofString());
                assertEquals("200 " + LENGTH, sent.statusCode() + " " + sent.body());
                assertEquals("end", end());
                assertEquals(1, mostHeld.get(), "pieces at a time");
                assertArrayEquals(content, Files.readAllBytes(folder.resolve("uploaded")));
            }
            var got = http.send(request("/files/uploaded").GET().build(), HttpResponse.BodyHandlers.ofByteArray());
            assertArrayEquals(content, got.body());
            assertEquals(404, http.send(request("/files/none").GET().build(), HttpResponse.BodyHandlers.ofString())
                    .statusCode());
            Files.write(folder.resolve("empty"), new byte[0]);
            assertEquals(0, http.send(request("/files/empty").GET().build(), HttpResponse.BodyHandlers.ofByteArray())
                    .body().length);
            var headOnly = http.send(request("/files/uploaded").method("HEAD", HttpRequest.BodyPublishers.noBody())
                    .build(), HttpResponse.BodyHandlers.ofByteArray());
            assertEquals(LENGTH, headOnly.headers().firstValueAsLong("content-length").orElse(0));
        }
        assertNull(ends.poll());
    }

    @Test
    void requestsFollowAnUploadOnTheSameConnection() throws Exception {
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: 5") + "12345" + head("/files", "Content-Length: 0")
                    + head("/files", "Transfer-Encoding: chunked") + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
            assertEquals("5", client.answer().body());
            assertEquals("0", client.answer().body());
            assertEquals("5", client.answer().body());
        }
    }

    @Test
    void aHalfClosedClientGetsItsAnswerIfAllCame() throws Exception {
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: 5") + "12345");
            client.endOutput();
            assertEquals("5", client.answer().body());
        }
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: " + LENGTH)).send(content());
            client.endOutput();
            assertEquals(Integer.toString(LENGTH), client.answer().body());
        }
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: 6") + "12345");
            client.endOutput();
            assertEquals(400, client.answer().status());
        }
        assertEquals("end", end());
        assertEquals("end", end());
        assertEquals("cut", end());
    }

    @Test
    void whatDoesNotComeToItsEndIsCut() throws Exception {
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: 1000") + "12345");
            assertEquals(408, client.answer().status());
            assertEquals("cut", end());
        }
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: 1000") + "12345");
        }
        assertEquals("cut", end());
        try (RawClient client = client()) {
            client.send(head("/files", "Transfer-Encoding: chunked") + "3\r\nabc\r\nnonsense\r\n");
            assertEquals(400, client.answer().status());
            assertEquals("cut", end());
        }
    }

    @Test
    void boundsAndKeysHoldBeforeAnythingIsTaken() throws Exception {
        try (RawClient client = client()) {
            client.send(head("/files", "Content-Length: " + (MAX_UPLOAD + 1)));
            assertEquals(413, client.answer().status());
        }
        try (RawClient client = client()) {
            client.send("POST /files HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
            assertEquals(401, client.answer().status());
        }
        try (RawClient client = client()) {
            client.send(head("/refused", "Content-Length: 10000") + "abc");
            RawClient.Answer answer = client.answer();
            assertEquals(400, answer.status());
            assertTrue(answer.body().contains("no room"), answer.body());
        }
        assertNull(ends.poll());
    }

    @Test
    void aReaderThatTakesNothingIsCutOff() throws Exception {
        Files.write(folder.resolve("long"), content());
        try (RawClient client = client()) {
            client.send("GET /files/long HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n\r\n");
            long sinceNs = System.nanoTime();
            while (server.numConnections() > 0 && System.nanoTime() - sinceNs < TimeUnit.SECONDS.toNanos(10)) {
                Thread.sleep(20);
            }
            assertEquals(0, server.numConnections());
        }
    }

    @Test
    void aQueryIsRead() throws Exception {
        try (RawClient client = client()) {
            String fields = " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n\r\n";
            client.send("GET /query?b=1&a=x%20y&a=2" + fields + "GET /query" + fields + "GET /query?a=%zz" + fields);
            assertEquals("x y", client.answer().body());
            assertEquals("null", client.answer().body());
            assertEquals(400, client.answer().status());
        }
    }
}
