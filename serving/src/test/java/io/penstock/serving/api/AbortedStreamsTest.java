package io.penstock.serving.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.serving.http.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients that go at any moment, in any way, leave nothing behind. */
class AbortedStreamsTest {
    /** -Dpenstock.aborts=10000 for a long run. */
    private static final int NUM_STREAMS = Integer.getInteger("penstock.aborts", 400);
    private static final int NUM_AT_ONCE = 16;
    private static final long SEED = 7;

    private enum Way { CLOSE, RESET, HALF_CLOSE_AND_RESET, HALF_CLOSE_AND_CLOSE }

    @Test
    void nothingIsLeftOfStreamsThatWereAborted() throws Exception {
        try (DemoApi api = DemoApi.withKeys()) {
            List<Future<?>> clients = new ArrayList<>();
            try (ExecutorService threads = Executors.newFixedThreadPool(NUM_AT_ONCE)) {
                for (int i = 0; i < NUM_STREAMS; i++) {
                    Random random = new Random(SEED + i);
                    clients.add(threads.submit(() -> {
                        abort(api.port(), random);
                        return null;
                    }));
                }
            }
            for (Future<?> client : clients) {
                client.get();
            }
            api.awaitEmpty();
            try (RawClient client = new RawClient(api.port())) {
                assertEquals(200, client.post("/v1/completions", body(false, 1, 3)).answer().status());
            }
            api.awaitEmpty();
        }
    }

    private static String body(boolean stream, int n, int maxTokens) {
        return "{\"prompt\":\"The river runs\",\"ignore_eos\":true,\"stream\":" + stream + ",\"n\":" + n
                + ",\"max_tokens\":" + maxTokens + "}";
    }

    private static void abort(int port, Random random) throws IOException, InterruptedException {
        Way way = Way.values()[random.nextInt(Way.values().length)];
        boolean stream = random.nextInt(4) > 0;
        RawClient client = new RawClient(port);
        client.post("/v1/completions", body(stream, 1 + random.nextInt(3), 400));
        int numLines = random.nextInt(4) == 0 ? 0 : random.nextInt(30);
        if (way == Way.HALF_CLOSE_AND_RESET || way == Way.HALF_CLOSE_AND_CLOSE) {
            client.endOutput();
        }
        for (int i = 0; stream && i < numLines; i++) {
            assertTrue(client.line() != null, "a stream ended by itself");
        }
        TimeUnit.MICROSECONDS.sleep(random.nextInt(20_000));
        if (way == Way.RESET || way == Way.HALF_CLOSE_AND_RESET) {
            client.reset();
        } else {
            client.close();
        }
    }
}
