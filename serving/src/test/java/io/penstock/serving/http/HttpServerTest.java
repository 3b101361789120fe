package io.penstock.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.stream.IoThreads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpServerTest {
    private static final int MAX_BODY = 100_000;
    private static final HttpLimits LIMITS = HttpLimits.DEFAULTS.withMaxRequestBytes(MAX_BODY)
            .withTimes(new HttpLimits.Times(TimeUnit.SECONDS.toNanos(20), TimeUnit.SECONDS.toNanos(20),
                    TimeUnit.SECONDS.toNanos(20), TimeUnit.MILLISECONDS.toNanos(300)));

    private static IoThreads io;
    private final LinkedBlockingQueue<HttpExchange> waiting = new LinkedBlockingQueue<>();
    private final CountDownLatch gone = new CountDownLatch(1);
    private HttpServer server;

    @BeforeAll
    static void startLoops() {
        io = IoThreads.start(2);
    }

    @AfterAll
    static void endLoops() {
        io.close();
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    private HttpRouter router() {
        return new HttpRouter()
                .add("POST", "/echo", exchange -> exchange.respond(200, "text/plain", exchange.body()))
                .add("GET", "/hello", exchange -> text(exchange, "hello"))
                .addOpen("GET", "/open", exchange -> text(exchange, "open"))
                .add("GET", "/things/*", exchange -> text(exchange, exchange.path()))
                .add("GET", "/later", this::wait)
                .add("POST", "/later", this::wait)
                .add("POST", "/bad", exchange -> {
                    throw new InputException("no such thing");
                })
                .add("GET", "/defect", exchange -> {
                    throw new IllegalStateException("a defect");
                });
    }

    private void wait(HttpExchange exchange) {
        exchange.whenGone(gone::countDown);
        waiting.add(exchange);
    }

    private static void text(HttpExchange exchange, String text) {
        exchange.respond(200, "text/plain", text.getBytes(StandardCharsets.UTF_8));
    }

    private void start(HttpOptions options, String... keys) {
        server = HttpServer.start(io, options, router(), new ApiKeys(List.of(keys)));
    }

    private void start() {
        start(HttpOptions.at("127.0.0.1", 0).withLimits(LIMITS));
    }

    private RawClient client() throws IOException {
        return new RawClient(server.port());
    }

    private HttpExchange taken() throws InterruptedException {
        HttpExchange exchange = waiting.poll(10, TimeUnit.SECONDS);
        assertNotNull(exchange, "no request arrived");
        return exchange;
    }

    private static void on(HttpExchange exchange, Runnable task) {
        exchange.eventLoop().execute(task);
    }

    @Test
    void requestsFollowEachOtherOnOneConnection() throws IOException {
        start();
        try (RawClient client = client()) {
            for (int i = 0; i < 3; i++) {
                RawClient.Answer answer = client.post("/echo", "body " + i).answer();
                assertEquals(200, answer.status());
                assertEquals("body " + i, answer.body());
                assertNotNull(answer.headers().get("date"));
                assertNull(answer.headers().get("connection"));
            }
            assertEquals("hello", client.get("/hello?x=1").answer().body());
            assertEquals("/things/a/b", client.get("/things/a/b").answer().body());
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        start();
        try (RawClient client = client()) {
            client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                    + "\r\nhiGET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
            HttpExchange first = taken();
            on(first, () -> text(first, "first"));
            assertEquals("first", client.answer().body());
            assertEquals("hi", client.answer().body());
            assertEquals("hello", client.answer().body());
            assertEquals(404, client.answer().status());
        }
    }

    @Test
    void whatIsPipelinedWithoutEndIsNotRead() throws Exception {
        start();
        try (RawClient client = client()) {
            client.get("/later");
            HttpExchange first = taken();
            Thread sender = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 200; i++) {
                        client.post("/echo", "x".repeat(90_000));
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            sender.join(500);
            assertTrue(sender.isAlive(), "18 MB behind an unanswered request were read");
            on(first, () -> text(first, "first"));
            assertEquals("first", client.answer().body());
            for (int i = 0; i < 200; i++) {
                assertEquals(90_000, client.answer().body().length());
            }
            sender.join();
        }
    }

    @Test
    void headHasNoBodyAndChunkedBodiesAreRead() throws IOException {
        start();
        try (RawClient client = client()) {
            RawClient.Answer head = client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n").answer(false);
            assertEquals(200, head.status());
            assertEquals("5", head.headers().get("content-length"));
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "4;ext=1\r\nwiki\r\n5\r\npedia\r\n0\r\nTrailer: 1\r\n\r\n");
            assertEquals("wikipedia", client.answer().body());
        }
    }

    @Test
    void http10ClosesUnlessItAsksOtherwise() throws IOException {
        start();
        try (RawClient client = client()) {
            RawClient.Answer kept = client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer();
            assertEquals("keep-alive", kept.headers().get("connection"));
            assertEquals("close", client.send("GET /hello HTTP/1.0\r\n\r\n").answer().headers().get("connection"));
            assertTrue(client.isClosed());
        }
    }

    @Test
    void continueIsSaidBeforeTheBody() throws IOException {
        start();
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            assertEquals(100, client.answer(false).status());
            assertEquals("abc", client.send("abc").answer().body());
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n");
            assertEquals(413, client.answer().status());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "404, GET /nowhere HTTP/1.1|Host: x||",
        "405, DELETE /hello HTTP/1.1|Host: x||",
        "405, GET /echo HTTP/1.1|Host: x||",
        "400, GET /hello HTTP/1.1||",
        "400, GET /hello HTTP/1.1|Host: x|Host: y||",
        "400, GARBAGE||",
        "400, GET  HTTP/1.1|Host: x||",
        "400, GET /hello HTTP/1.1|Host: x|no colon||",
        "400, GET /hello HTTP/1.1|Host: x|Bad Name: y||",
        "400, POST /echo HTTP/1.1|Host: x|Content-Length: -1||",
        "400, POST /echo HTTP/1.1|Host: x|Content-Length: ten||",
        "400, POST /echo HTTP/1.1|Host: x|Content-Length: 1|Content-Length: 2||ab",
        "400, POST /echo HTTP/1.1|Host: x|Content-Length: 2|Transfer-Encoding: chunked||0||",
        "400, POST /echo HTTP/1.1|Host: x|Transfer-Encoding: chunked||zz||",
        "400, POST /echo HTTP/1.1|Host: x|Transfer-Encoding: gzip||",
        "501, 'POST /echo HTTP/1.1|Host: x|Transfer-Encoding: gzip, chunked||'",
        "415, POST /echo HTTP/1.1|Host: x|Content-Encoding: gzip|Content-Length: 1||x",
        "417, POST /echo HTTP/1.1|Host: x|Expect: a miracle|Content-Length: 1||x",
        "413, POST /echo HTTP/1.1|Host: x|Content-Length: 99999999999||",
        "505, GET /hello HTTP/2.0|Host: x||",
        "400, POST /bad HTTP/1.1|Host: x|Content-Length: 0||",
        "500, GET /defect HTTP/1.1|Host: x||",
    })
    void mistakesHaveAStatus(int status, String request) throws IOException {
        start();
        try (RawClient client = client()) {
            RawClient.Answer answer = client.send(request.replace("|", "\r\n")).answer();
            assertEquals(status, answer.status(), answer.body());
            assertTrue(answer.body().startsWith("{\"error\":{\"message\":\""), answer.body());
            assertEquals(status == 405, answer.headers().containsKey("allow"));
        }
        try (RawClient client = client()) {
            assertEquals("hello", client.get("/hello").answer().body());
        }
    }

    @Test
    void longHeadersAndBodiesAreRefused() throws IOException {
        start();
        try (RawClient client = client()) {
            client.send("GET /hello HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(40_000) + "\r\n\r\n");
            assertEquals(431, client.answer().status());
        }
        try (RawClient client = client()) {
            assertEquals(414, client.get("/" + "y".repeat(40_000)).answer().status());
        }
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 11; i++) {
                client.send("2710\r\n" + "z".repeat(10_000) + "\r\n");
            }
            assertEquals(413, client.answer().status());
            assertTrue(client.isClosed());
        }
    }

    @Test
    void keysAreDemandedBeforeLongBodiesAreRead() throws IOException {
        start(HttpOptions.at("127.0.0.1", 0).withLimits(LIMITS), "secret", "other");
        try (RawClient client = client()) {
            assertEquals("open", client.get("/open").answer().body());
            RawClient.Answer refused = client.get("/hello").answer();
            assertEquals(401, refused.status());
            assertEquals("Bearer", refused.headers().get("www-authenticate"));
            assertEquals(401, client.post("/echo", "small").answer().status());
            for (String header : List.of("Bearer wrong", "Basic secret", "secret", "Bearer ", "")) {
                client.send("GET /hello HTTP/1.1\r\nHost: x\r\nAuthorization: " + header + "\r\n\r\n");
                assertEquals(401, client.answer().status(), header);
            }
            for (String header : List.of("Bearer secret", "bearer other")) {
                client.send("GET /hello HTTP/1.1\r\nHost: x\r\nAuthorization: " + header + "\r\n\r\n");
                assertEquals("hello", client.answer().body(), header);
            }
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99000\r\n\r\nonly the beginning");
            assertEquals(401, client.answer().status());
            assertTrue(client.isClosed());
        }
    }

    @Test
    void pagesOfAllowedOriginsMayCall() throws IOException {
        start(HttpOptions.at("127.0.0.1", 0).withAllowedOrigins(List.of("http://a")), "secret");
        try (RawClient client = client()) {
            client.send("OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n"
                    + "Access-Control-Request-Method: POST\r\n\r\n");
            RawClient.Answer preflight = client.answer(false);
            assertEquals(204, preflight.status());
            assertEquals("http://a", preflight.headers().get("access-control-allow-origin"));
            assertTrue(preflight.headers().get("access-control-allow-methods").contains("POST"));
            client.send("GET /open HTTP/1.1\r\nHost: x\r\nOrigin: http://b\r\n\r\n");
            assertFalse(client.answer().headers().containsKey("access-control-allow-origin"));
            client.send("OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: http://b\r\n"
                    + "Access-Control-Request-Method: POST\r\n\r\n");
            assertEquals(401, client.answer().status());
        }
    }

    @Test
    void eventsGoOutAsTheyCome() throws Exception {
        start();
        try (RawClient client = client()) {
            client.get("/later");
            HttpExchange exchange = taken();
            on(exchange, () -> {
                exchange.startEvents();
                exchange.event(json -> {
                    json.writeStartObject();
                    json.writeStringField("a", "\u00e9");
                    json.writeEndObject();
                });
                exchange.endEvents();
                exchange.endEvents();
                exchange.respond(200);
            });
            RawClient.Answer answer = client.answer();
            assertEquals("text/event-stream; charset=utf-8", answer.headers().get("content-type"));
            assertEquals("data: {\"a\":\"\u00e9\"}\n\ndata: [DONE]\n\n", answer.body());
            assertEquals("hello", client.get("/hello").answer().body());
        }
    }

    @Test
    void eventsOfHttp10EndWithTheConnection() throws Exception {
        start();
        try (RawClient client = client()) {
            client.send("GET /later HTTP/1.0\r\n\r\n");
            HttpExchange exchange = taken();
            on(exchange, () -> {
                exchange.startEvents();
                exchange.failEvents(ErrorBody.queueFull());
            });
            RawClient.Answer answer = client.answer();
            assertFalse(answer.headers().containsKey("transfer-encoding"));
            assertTrue(answer.body().startsWith("event: error\ndata: {\"error\":"), answer.body());
        }
    }

    @Test
    void handlersHearOfClientsThatGo() throws Exception {
        start();
        RawClient client = client();
        client.get("/later");
        HttpExchange exchange = taken();
        on(exchange, exchange::startEvents);
        client.reset();
        assertTrue(gone.await(10, TimeUnit.SECONDS));
    }

    @Test
    void aClientThatClosesWhileItWaitsIsGone() throws Exception {
        start();
        RawClient client = client();
        client.post("/later", "x");
        taken();
        client.close();
        assertTrue(gone.await(10, TimeUnit.SECONDS));
    }

    @Test
    void aClientThatOnlyEndsItsSideGetsItsAnswer() throws Exception {
        start();
        try (RawClient client = client()) {
            client.post("/later", "x").endOutput();
            HttpExchange exchange = taken();
            assertEquals(102, client.answer(false).status());
            assertEquals(102, client.answer(false).status());
            on(exchange, () -> text(exchange, "patience"));
            assertEquals("patience", client.answer().body());
            assertTrue(client.isClosed());
        }
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf").endOutput();
            assertEquals(400, client.answer().status());
        }
        try (RawClient client = client()) {
            client.send("GET /hello HTTP/1.1\r\nHo").endOutput();
            assertEquals(400, client.answer().status());
        }
        try (RawClient client = client()) {
            client.endOutput();
            assertTrue(client.isClosed());
        }
    }

    @Test
    void slowClientsAreSentAway() throws IOException {
        long shortNs = TimeUnit.MILLISECONDS.toNanos(200);
        start(HttpOptions.at("127.0.0.1", 0).withLimits(
                LIMITS.withTimes(new HttpLimits.Times(shortNs, shortNs, shortNs, shortNs))));
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nslow");
            assertEquals(408, client.answer().status());
            assertTrue(client.isClosed());
        }
        try (RawClient client = client()) {
            client.send("GET /hello HTTP/1.1\r\nHo");
            assertTrue(client.isClosed());
        }
    }

    @Test
    void connectionsHaveALimit() throws Exception {
        start(HttpOptions.at("127.0.0.1", 0).withLimits(LIMITS.withMaxConnections(2)));
        try (RawClient first = client(); RawClient second = client()) {
            assertEquals("hello", first.get("/hello").answer().body());
            assertEquals("hello", second.get("/hello").answer().body());
            try (RawClient third = client()) {
                assertTrue(third.isClosed());
            }
        }
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (server.numConnections() > 0 && System.nanoTime() < endNs) {
            Thread.sleep(5);
        }
        assertEquals(0, server.numConnections());
    }

    @Test
    void aClosingServerEndsConnectionsWithTheirAnswers() throws IOException {
        start();
        try (RawClient client = client()) {
            assertEquals("hello", client.get("/hello").answer().body());
            server.beginClosing();
            assertEquals("close", client.get("/hello").answer().headers().get("connection"));
            assertTrue(client.isClosed());
        }
    }

    @Test
    void aServerThatFinishesWaitsForWhatIsUnderWay() throws Exception {
        start();
        try (RawClient busy = client(); RawClient idle = client()) {
            assertEquals("hello", idle.get("/hello").answer().body());
            busy.get("/later");
            HttpExchange exchange = taken();
            on(exchange, () -> exchange.eventLoop().schedule(
                    () -> text(exchange, "last".repeat(1_000_000)), 200, TimeUnit.MILLISECONDS));
            Thread finishing = Thread.ofPlatform().start(() -> server.finish(TimeUnit.SECONDS.toNanos(20)));
            assertTrue(idle.isClosed());
            assertEquals(4_000_000, busy.answer().body().length());
            assertTrue(busy.isClosed());
            finishing.join(10_000);
            assertFalse(finishing.isAlive());
            // A connection is closed a moment before it is counted out.
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
            while (server.numConnections() > 0) {
                assertTrue(System.nanoTime() < endNs, () -> server.numConnections() + " connections are left");
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void anAddressThatIsTakenIsOneLine() {
        start();
        InputException e = assertThrows(InputException.class, () -> HttpServer.start(io,
                HttpOptions.at("127.0.0.1", server.port()), router(), new ApiKeys(List.of())));
        assertTrue(e.getMessage().startsWith("cannot listen at 127.0.0.1:" + server.port()), e.getMessage());
    }
}
