package io.penstock.bench.loadgen.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.LoopCounts;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Times are given, so that figures are exact. */
class LoadMetricsTest {
    private static final long MS = 1_000_000;
    private static final LoadMetrics.Wanted ALL = new LoadMetrics.Wanted(
            List.of("ttft", "tpot", "itl", "e2el", "client_queue_time"), new double[] {50, 99, 99.9},
            Goodput.parse(List.of("ttft:150", "tpot:30")));
    private static final double EXACT = 1e-3;

    private final LoopCounts counts = new LoopCounts(0);
    private RequestRecord.Phase phase = RequestRecord.Phase.RAMP;
    private final List<RequestRecord> records = new ArrayList<>();
    private final RequestRecord.Run run = new RequestRecord.Run() {
        @Override
        public RequestRecord.Phase phase() {
            return phase;
        }

        @Override
        public LoopCounts counts(int loop) {
            return counts;
        }
    };

    private RequestRecord record(long dueMs) {
        var request = new LoadRequest(records.size(), new Prompt.Text("a"), 3, 10);
        var record = new RequestRecord(request, run, RequestRecord.Kept.NOTHING, dueMs * MS, (_, _) -> { });
        records.add(record);
        record.sent(0, dueMs * MS);
        return record;
    }

    /** Tokens at times, in the parts of the run that they fall in. */
    private RequestRecord answer(long dueMs, RequestRecord.Phase in, long... timesMs) {
        RequestRecord record = record(dueMs);
        phase = in;
        for (long time : timesMs) {
            record.tokens(time * MS, 5, 1);
        }
        record.usage(3, timesMs.length, 1);
        record.completed(timesMs[timesMs.length - 1] * MS);
        return record;
    }

    private Map<String, Double> metrics(LoadOutcome.Window steady, boolean isClosed) {
        long[] queued = new long[records.size()];
        queued[0] = 7 * MS;
        var outcome = new LoadOutcome(records, queued, new LoadOutcome.Span(0, 2_000 * MS, steady),
                new LoadOutcome.Extent(records.size(), 2, null), List.of(counts), new ClientCost(0.1, 0.2, 0.3, 0.4));
        var plan = new LoadPlan(records.stream().map(RequestRecord::request).toList(),
                isClosed ? null : new long[records.size()], 2, false, RequestRecord.Kept.NOTHING);
        return LoadMetrics.of(outcome, plan, ALL, null);
    }

    @Test
    void figuresAreThoseOfTheTimes() {
        answer(0, RequestRecord.Phase.RAMP, 100, 120, 140);
        answer(1_000, RequestRecord.Phase.RAMP, 1_200, 1_300);
        record(500).failed(600 * MS, FailureKind.HTTP_5XX, "no");
        Map<String, Double> m = metrics(null, false);
        assertEquals(2, m.get("completed"));
        assertEquals(1, m.get("failed"));
        assertEquals(1, m.get("failed_http_5xx"));
        assertEquals(6, m.get("total_input_tokens"));
        assertEquals(5, m.get("total_output_tokens"));
        assertEquals(2.5, m.get("output_throughput"), EXACT);
        assertEquals(5.5, m.get("total_token_throughput"), EXACT);
        assertEquals(1, m.get("request_throughput"), EXACT);
        assertEquals(0.5, m.get("request_goodput"), EXACT);
        assertEquals(150, m.get("mean_ttft_ms"), 150 * EXACT);
        assertEquals(100, m.get("median_ttft_ms"), 100 * EXACT);
        assertEquals(200, m.get("p99_ttft_ms"), 200 * EXACT);
        assertEquals(60, m.get("mean_tpot_ms"), 60 * EXACT);
        assertEquals(20, m.get("p50_itl_ms"), 20 * EXACT);
        assertEquals(100, m.get("p99.9_itl_ms"), 100 * EXACT);
        assertEquals(300, m.get("p99_e2el_ms"), 300 * EXACT);
        assertEquals(7, m.get("p99_client_queue_time_ms"), 7 * EXACT);
        assertEquals(3, m.get("max_output_tokens_per_s"));
        assertEquals(0, m.get("client_limited"));
        assertFalse(m.containsKey("steady_duration"));
    }

    @Test
    void theSteadyPartIsOnItsOwn() {
        answer(0, RequestRecord.Phase.RAMP, 100, 200);
        RequestRecord between = record(150);
        phase = RequestRecord.Phase.RAMP;
        between.tokens(300 * MS, 10, 1);
        phase = RequestRecord.Phase.STEADY;
        between.tokens(600 * MS, 30, 1);
        between.usage(3, 8, 0);
        between.completed(600 * MS);
        answer(700, RequestRecord.Phase.STEADY, 800, 900, 950);
        answer(1_400, RequestRecord.Phase.DRAIN, 1_600, 1_700);
        Map<String, Double> m = metrics(new LoadOutcome.Window(500 * MS, 1_500 * MS), true);
        assertEquals(1, m.get("steady_duration"), EXACT);
        // 30 of 40 bytes of the second answer's 8 tokens, and all 3 of the third.
        assertEquals(9, m.get("steady_output_throughput"), EXACT);
        assertEquals(12, m.get("steady_total_token_throughput"), EXACT);
        assertEquals(2, m.get("steady_completed"));
        assertEquals(150, m.get("steady_mean_ttft_ms"), 150 * EXACT);
        assertFalse(m.containsKey("mean_client_queue_time_ms"), "nobody waits in a closed loop");
    }

    @Test
    void anAnswerWithoutTokensHasFailed() {
        RequestRecord empty = record(0);
        empty.completed(5 * MS);
        assertEquals(FailureKind.PROTOCOL, empty.failure());
        RequestRecord silent = record(0);
        silent.usage(3, 2, 0);
        silent.completed(5 * MS);
        assertNull(silent.failure(), "tokens that show no text are tokens");
        assertEquals(5 * MS, silent.ttftNs());
        assertEquals(2, silent.outputTokens());
    }

    @Test
    void wrongGoodputIsNamed() {
        for (String wrong : List.of("ttft", "itl:5", "ttft:x", "ttft:-1", "ttft:1:2")) {
            assertThrows(InputException.class, () -> Goodput.parse(List.of(wrong)), wrong);
        }
    }
}
