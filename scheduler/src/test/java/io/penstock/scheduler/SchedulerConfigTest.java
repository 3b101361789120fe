package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.SchedulerConfig.Watermarks;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerConfigTest {
    private static final Watermarks MARKS = new Watermarks(0.1, 0.2);
    private static final ModelLimits LIMITS = new ModelLimits(4, 64, 128, 8, 0);

    @ParameterizedTest
    @CsvSource({"0, 1, 1, 1, snapshot_interval", "1, 0, 1, 1, min_prefill_tokens", "1, 1, 0, 1, max_chunk_tokens",
        "1, 1, 1, -1, initial_output_tokens"})
    void namesWhatIsTooSmall(int interval, int minPrefill, int maxChunk, int initialOutput, String name) {
        var e = assertThrows(InputException.class,
                () -> new SchedulerConfig(true, interval, minPrefill, maxChunk, initialOutput, MARKS));
        assertTrue(e.getMessage().startsWith(name + " must be at least 1"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"-0.1, 0.5", "0.5, 0.4", "0, 1", "NaN, 0.5", "0.1, NaN"})
    void watermarksAreSharesInOrder(double low, double high) {
        assertThrows(InputException.class, () -> new Watermarks(low, high));
    }

    @ParameterizedTest
    @CsvSource({"512, 8192, 512", "8192, 8192, 8128", "100, 100, 50", "4, 1, 1", "64, 80, 40", "64, 192, 64"})
    void whatRunsLeavesRoomForPrefill(int maxSeqs, int maxTokens, int expected) {
        assertEquals(expected, SchedulerConfig.throughput().maxRunning(new ModelLimits(maxSeqs, maxTokens, 64, 1, 0)));
    }

    @Test
    void changesOneThingAtATime() {
        SchedulerConfig config = SchedulerConfig.latency().withPrefixCaching(false).withMaxChunkTokens(7);
        assertEquals(new SchedulerConfig(false, 4, 64, 7, 256, new Watermarks(0.01, 0.05)), config);
    }

    @Test
    void aModelLengthThatBlocksDoNotHoldIsRefused() {
        var limits = new ModelLimits(4, 64, 1_000, 8, 0);
        var e = assertThrows(InputException.class, () -> new Scheduler(limits, SchedulerConfig.throughput()));
        assertEquals("max_model_len 1000 needs 16 KV blocks and there are 8: lower it to 512", e.getMessage());
    }

    @Test
    void aPromptNeedsRoomForOneOutput() {
        var scheduler = new Scheduler(LIMITS, SchedulerConfig.throughput());
        OutputQueue queue = Requests.queue(4);
        assertEquals(Rejection.PROMPT_TOO_LONG, scheduler.refusal(Requests.of(0, new int[128], 1, queue)));
        assertNull(scheduler.refusal(Requests.of(1, new int[127], 1, queue)));
        Requests.submit(scheduler, Requests.of(1, new int[127], 9, queue));
        new Driver(scheduler, new NullRunner(LIMITS, 10, 1), true).run();
        assertEquals(1, scheduler.stats().numOutputTokens());
    }

    @Test
    void aRequestIsChecked() {
        OutputQueue queue = Requests.queue(4);
        var params = List.of(SamplingParams.greedy(1));
        assertThrows(InputException.class,
                () -> new Request(0, new int[0], params, new int[0], Request.Options.DEFAULTS, queue));
        assertThrows(InputException.class,
                () -> new Request(0, new int[1], List.of(), new int[0], Request.Options.DEFAULTS, queue));
        assertThrows(InputException.class, () -> new Request.Options(0, 0, 0, SamplingParams.MAX_LOGPROBS + 1));
        assertThrows(InputException.class, () -> new Request.Options(0, 0, 0, -2));
    }
}
