package io.penstock.bench.loadgen.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.canned.CannedOptions;
import io.penstock.bench.loadgen.canned.CannedServer;
import io.penstock.bench.loadgen.client.HttpLoadClient;
import io.penstock.bench.loadgen.client.HttpTarget;
import io.penstock.bench.loadgen.client.LoadLoops;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadRunTest {
    private static final long MS = 1_000_000;
    private static final LoadMetrics.Wanted WANTED = new LoadMetrics.Wanted(
            List.of("ttft", "tpot", "itl", "e2el"), new double[] {50, 99}, Goodput.NONE);

    private static List<LoadRequest> requests(int number, int outputTokens) {
        return IntStream.range(0, number).mapToObj(i ->
                new LoadRequest(i, new Prompt.TokenIds(new int[] {1, 2, 3}), 3, outputTokens)).toList();
    }

    private static LoadOutcome run(String base, boolean isChat, LoadPlan plan, long timeoutNs)
            throws InterruptedException {
        var target = HttpTarget.of(URI.create(base), isChat ? "/v1/chat/completions" : "/v1/completions", isChat,
                Map.of("x-test", "1"), false, JsonNodeFactory.instance.objectNode().put("model", "canned"));
        try (var client = new HttpLoadClient(target, new LoadLoops(2, false), timeoutNs)) {
            return new LoadRun(plan, client, false, (_, _, _) -> { }).run();
        }
    }

    private static LoadOutcome run(CannedServer server, LoadPlan plan) throws InterruptedException {
        return run(server.baseUrl(), false, plan, 20_000 * MS);
    }

    private static LoadPlan closedLoop(int number, int outputTokens, int maxConcurrency) {
        return new LoadPlan(requests(number, outputTokens), null, maxConcurrency, false, RequestRecord.Kept.NOTHING);
    }

    @Test
    void aClosedLoopKeepsItsPlacesFull() throws InterruptedException {
        try (var server = CannedServer.start(CannedOptions.of(1, 5 * MS, MS), 0, 1, false)) {
            LoadPlan plan = closedLoop(80, 6, 8);
            LoadOutcome outcome = run(server, plan);
            Map<String, Double> m = LoadMetrics.of(outcome, plan, WANTED, null);
            assertEquals(80, m.get("completed"));
            assertEquals(8, m.get("max_concurrent_requests"));
            assertEquals(480, m.get("total_output_tokens"));
            assertEquals(480, server.numTokens());
            assertEquals(80, m.get("total_input_tokens"));
            assertNotNull(outcome.steady());
            assertTrue(outcome.steady().seconds() < outcome.seconds());
        }
    }

    /** What the server waited, by its own clock, is what the client sees, but for the way between them. */
    @ParameterizedTest
    @CsvSource({"20, false", "50, true"})
    void latenciesAreThoseThatTheServerMakes(int delayMs, boolean isChat) throws InterruptedException {
        try (var server = CannedServer.start(CannedOptions.of(8, delayMs * MS, delayMs * MS), 0, 1, false)) {
            LoadPlan plan = closedLoop(12, 8, 3);
            LoadOutcome outcome = run(server.baseUrl(), isChat, plan, 20_000 * MS);
            Map<String, Double> m = LoadMetrics.of(outcome, plan, WANTED, null);
            agree("TTFT", server.firstNs(), m, "ttft");
            agree("ITL", server.gapNs(), m, "itl");
            assertTrue(m.get("p50_e2el_ms") >= 8 * delayMs * 0.95, () -> "E2E " + m.get("p50_e2el_ms"));
        }
    }

    private static void agree(String what, Histogram serverNs, Map<String, Double> m, String name) {
        double median = serverNs.getValueAtPercentile(50) / 1e6;
        // A machine that does other things as well may hold a thread up for a while.
        assertEquals(median, m.get("p50_" + name + "_ms"), 0.05 * median + 4, () -> what + " at the median");
    }

    @Test
    void arrivalsGoOnWhileTheServerStalls() throws InterruptedException {
        long[] offsets = new Arrivals(200, Double.POSITIVE_INFINITY, null).offsetsNs(160, 0);
        LoadPlan plan = new LoadPlan(requests(160, 2), offsets, LoadPlan.UNBOUNDED, false,
                RequestRecord.Kept.NOTHING);
        try (var server = CannedServer.start(CannedOptions.of(2, MS, MS), 0, 1, false)) {
            server.stall(TimeUnit.MILLISECONDS.toNanos(1_500));
            LoadOutcome outcome = run(server, plan);
            assertEquals(160, outcome.completed().size());
            long firstEndNs = outcome.records().stream().mapToLong(RequestRecord::endNs).min().orElseThrow();
            long sentBefore = outcome.records().stream().filter(record -> record.sentNs() < firstEndNs).count();
            assertEquals(160, sentBefore, "all were sent while none was answered");
            RequestRecord first = outcome.records().getFirst();
            assertTrue(first.ttftNs() > 1_000 * MS, "the stall counts from when the request was due");
            assertTrue(outcome.extent().maxOpen() == 160);
        }
    }

    /** With places, latency still counts from when a request was due: waiting for a place is waiting. */
    @Test
    void waitingForAPlaceCounts() throws InterruptedException {
        LoadPlan plan = new LoadPlan(requests(6, 1), new long[6], 2, false, RequestRecord.Kept.NOTHING);
        try (var server = CannedServer.start(CannedOptions.of(1, 30 * MS, 0), 0, 1, false)) {
            LoadOutcome outcome = run(server, plan);
            RequestRecord last = outcome.records().getLast();
            assertTrue(last.ttftNs() >= 85 * MS, () -> last.ttftNs() + " ns");
            assertTrue(outcome.queueNs()[5] >= 55 * MS, () -> outcome.queueNs()[5] + " ns");
            assertEquals(2, outcome.extent().maxOpen());
        }
    }

    @ParameterizedTest
    @CsvSource({"UNAUTHORIZED, HTTP_4XX, HTTP 401: the API key is wrong", "NO_MODEL, HTTP_4XX, HTTP 404: the model",
        "UNAVAILABLE, HTTP_5XX, HTTP 503: draining", "CLOSES, CLOSED, the server closed",
        "ERROR_EVENT, STREAM, the engine", "GARBAGE, PROTOCOL, no JSON"})
    void failuresAreOfAKind(CannedOptions.Fault fault, FailureKind kind, String message) throws InterruptedException {
        try (var server = CannedServer.start(CannedOptions.of(8, 0, 0).with(fault), 0, 1, false)) {
            LoadOutcome outcome = run(server, closedLoop(6, 8, 2));
            assertEquals(6, outcome.failed().size());
            for (RequestRecord record : outcome.failed()) {
                assertEquals(kind, record.failure());
                assertTrue(record.message().contains(message), record::message);
            }
        }
    }

    @Test
    void aRequestThatTakesTooLongHasFailed() throws InterruptedException {
        try (var server = CannedServer.start(CannedOptions.of(1, 60_000 * MS, 0), 0, 1, false)) {
            LoadOutcome outcome = run(server.baseUrl(), false, closedLoop(1, 1, 1), 50 * MS);
            assertEquals(FailureKind.TIMEOUT, outcome.failed().getFirst().failure());
        }
    }

    @Test
    void aServerThatDiesEndsTheRunWithWhatThereIs() throws InterruptedException {
        var server = CannedServer.start(CannedOptions.of(1, 2 * MS, MS), 0, 1, false);
        Thread killer = Thread.startVirtualThread(() -> {
            while (server.numTokens() < 200) {
                sleep(5);
            }
            server.close();
        });
        LoadPlan plan = closedLoop(1_000_000, 4, 16);
        LoadOutcome outcome = run(server, plan);
        killer.join();
        assertTrue(outcome.completed().size() > 10);
        assertTrue(outcome.extent().whyStopped().contains("in a row failed"), outcome.extent()::whyStopped);
        Map<String, Double> m = LoadMetrics.of(outcome, plan, WANTED, null);
        assertEquals(1_000_000 - outcome.completed().size(), m.get("failed"));
        assertTrue(m.containsKey("failed_connect"), m::toString);
    }

    private static void sleep(long ms) {
        try {
            TimeUnit.MILLISECONDS.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aTurnFollowsTheAnswerBefore() throws InterruptedException {
        var kept = new RequestRecord.Kept(true, false, false);
        List<LoadRequest> turns = IntStream.range(0, 6).mapToObj(i -> new LoadRequest(i, new Prompt.Text("Q" + i), 1, 2,
                LoadRequest.UNTIMED, i % 3 == 0 ? LoadRequest.FIRST_TURN : i - 1)).toList();
        try (var server = CannedServer.start(CannedOptions.of(2, MS, MS), 0, 1, false)) {
            LoadOutcome outcome = run(server, new LoadPlan(turns, null, 2, false, kept));
            assertEquals(6, outcome.completed().size());
            for (RequestRecord record : outcome.records()) {
                int index = record.request().index();
                String asked = ((Prompt.Text) record.request().prompt()).text();
                int first = index / 3 * 3;
                StringBuilder whole = new StringBuilder("Q" + first);
                for (int i = first + 1; i <= index; i++) {
                    whole.append(" token token").append("Q").append(i);
                }
                assertEquals(whole.toString(), asked);
            }
        }
    }

    /** No turn comes behind one that failed, and the run ends all the same. */
    @Test
    void aConversationEndsWithItsFailure() throws InterruptedException {
        List<LoadRequest> turns = IntStream.range(0, 4).mapToObj(i -> new LoadRequest(i, new Prompt.Text("Q"), 1, 4,
                LoadRequest.UNTIMED, i % 2 == 0 ? LoadRequest.FIRST_TURN : i - 1)).toList();
        try (var server = CannedServer.start(
                CannedOptions.of(4, 0, 0).with(CannedOptions.Fault.CLOSES), 0, 1, false)) {
            LoadOutcome outcome = run(server, new LoadPlan(turns, null, 1, false,
                    new RequestRecord.Kept(true, false, false)));
            assertEquals(2, outcome.records().size());
            assertEquals(2, outcome.failed().size());
        }
    }
}
