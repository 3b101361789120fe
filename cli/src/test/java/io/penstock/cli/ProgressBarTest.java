package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private static final String ERASE_LINE = "\r\u001B[K";

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long nowNs;

    private ProgressBar bar(boolean enabled, long quietNs) {
        return new ProgressBar(
                new PrintStream(err, true, StandardCharsets.UTF_8), enabled, "loading x", quietNs, () -> nowNs);
    }

    private String shown() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shortWorkShowsNothing() {
        ProgressBar bar = bar(true, 2_000_000_000L);
        nowNs = 1_999_999_999L;
        bar.count(1, 2);
        bar.clear();
        assertEquals("", shown());
    }

    @Test
    void longWorkShowsABarAndTakesItAway() {
        ProgressBar bar = bar(true, 2_000_000_000L);
        nowNs = 2_000_000_000L;
        bar.count(6, 24);
        bar.count(7, 24);
        bar.clear();
        assertEquals(ERASE_LINE + "loading x [######..................] 6/24" + ERASE_LINE, shown());
    }

    @Test
    void bytesHaveRateAndTimeLeft() {
        ProgressBar bar = bar(true, 0);
        nowNs = 10_000_000_000L;
        bar.bytes(3L << 30, 6L << 30, 1L << 30);
        assertTrue(shown().endsWith(
                "[############............] 3.00 GiB of 6.00 GiB  102.4 MiB/s  30 s left"), this::shown);
    }

    @Test
    void nobodyLooks() {
        ProgressBar bar = bar(false, 0);
        bar.bytes(1, 2, 1);
        bar.count(1, 2);
        bar.clear();
        assertEquals("", shown());
    }

    @Test
    void durations() {
        assertEquals("59 s", ProgressBar.duration(59));
        assertEquals("1:01 min", ProgressBar.duration(61));
        assertEquals("2:03 h", ProgressBar.duration(2 * 3600 + 3 * 60));
    }
}
