package io.penstock.bench.loadgen.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Small runs of what {@code bench load-generator} runs; how fast it is, is none of a test's business. */
class LoadGeneratorCheckTest {
    private final LoadGeneratorCheck check = new LoadGeneratorCheck(
            new RunContext("unknown", Instant.EPOCH, "a CPU", null, "a JVM", "a test"));

    @Test
    void everyTokenThatIsWrittenIsCounted() throws InterruptedException {
        BenchResult result = check.streams(16, 2_000, 20, 3);
        assertEquals("streams-16", result.caseName());
        assertEquals(16 * 3 * 20, result.metrics().get("total_output_tokens"));
        assertEquals(16 * 3 * 20, result.baseline().metrics().get("total_output_tokens"));
        assertTrue(result.metrics().get("client_cpu_micros_per_token") > 0);
    }

    @Test
    void delaysAreComparedWithTheServersClock() throws InterruptedException {
        BenchResult result = check.delay(20, 2, 6, 4, false);
        assertTrue(result.baseline().metrics().get("p50_ttft_ms") >= 20);
        assertTrue(result.metrics().get("p50_ttft_ms") >= result.baseline().metrics().get("p50_ttft_ms") * 0.999);
    }

    @Test
    void allThatIsDueInAStallIsSentInIt() throws InterruptedException {
        BenchResult result = check.stall(60, 150, 600);
        double due = result.baseline().metrics().get("sent_during_stall");
        assertTrue(due > 10, () -> due + " were due");
        assertEquals(due, result.metrics().get("sent_during_stall"), 0.3 * due);
        assertTrue(result.metrics().get("p99_ttft_ms") > 300);
    }
}
