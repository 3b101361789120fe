package io.penstock.cli;

import io.penstock.runtime.plan.MemorySize;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/** One line on standard error that shows how far something is; silent unless it is enabled and takes a while. */
final class ProgressBar {
    private static final int NUM_CELLS = 24;
    private static final long INTERVAL_NS = 100_000_000;
    static final long QUIET_NS = 2_000_000_000L;
    private static final String ERASE_LINE = "\r\u001B[K";

    private final PrintStream err;
    private final boolean enabled;
    private final String label;
    private final long quietNs;
    private final LongSupplier clockNs;
    private final long startNs;
    private long shownNs;
    private boolean isShown;

    /** A bar on standard error, where that is a terminal, for what takes more than two seconds. */
    static ProgressBar of(String label) {
        return new ProgressBar(System.err, Terminals.isError(), label, QUIET_NS, System::nanoTime);
    }

    /** Shows while {@code work} runs how many of {@code total} it says to have done. */
    static <T> T during(String label, long total, Function<IntConsumer, T> work) {
        ProgressBar bar = of(label);
        try {
            return work.apply(done -> bar.count(done, total));
        } finally {
            bar.clear();
        }
    }

    /** @param quietNs nothing is shown before */
    ProgressBar(PrintStream err, boolean enabled, String label, long quietNs, LongSupplier clockNs) {
        this.err = err;
        this.enabled = enabled;
        this.label = label;
        this.quietNs = quietNs;
        this.clockNs = clockNs;
        startNs = clockNs.getAsLong();
    }

    /** Shows a count, such as layers. */
    synchronized void count(long done, long total) {
        show(done, total, done + "/" + total);
    }

    /**
     * Shows bytes with their rate and the time that is left.
     *
     * @param fetched how many of {@code done} came since the start
     */
    synchronized void bytes(long done, long total, long fetched) {
        double seconds = Math.max((clockNs.getAsLong() - startNs) / 1e9, 1e-3);
        double perSecond = fetched / seconds;
        String left = perSecond > 0 ? duration((long) ((total - done) / perSecond)) : "-";
        show(done, total, MemorySize.show(done) + " of " + MemorySize.show(total) + "  "
                + MemorySize.show((long) perSecond) + "/s  " + left + " left");
    }

    /**
     * Shows prompts with the speed.
     *
     * @param total 0 where it is not known
     */
    synchronized void generation(long done, long total, long numOutputTokens, int numRunning) {
        double seconds = Math.max((clockNs.getAsLong() - startNs) / 1e9, 1e-3);
        show(done, total, String.format(Locale.ROOT, "%d%s  %.1f tokens/s  %d running", done,
                total > 0 ? "/" + total : "", numOutputTokens / seconds, numRunning));
    }

    /**
     * Shows records of a batch.
     *
     * @param total 0 where it is not known
     * @param figures what else there is to say
     */
    synchronized void batch(long done, long total, String figures) {
        show(done, total, done + (total > 0 ? "/" + total : "") + figures);
    }

    private void show(long done, long total, String figures) {
        long nowNs = clockNs.getAsLong();
        if (!enabled || nowNs - startNs < quietNs || (isShown && nowNs - shownNs < INTERVAL_NS
                && (done < total || total == 0))) {
            return;
        }
        shownNs = nowNs;
        isShown = true;
        int full = total <= 0 ? 0 : (int) Math.min(NUM_CELLS, NUM_CELLS * done / total);
        err.print(ERASE_LINE + label + " [" + "#".repeat(full) + ".".repeat(NUM_CELLS - full) + "] " + figures);
        err.flush();
    }

    /** Writes a line that stays. */
    synchronized void say(String line) {
        clear();
        err.println(line);
        err.flush();
    }

    /** Takes the bar away. */
    synchronized void clear() {
        if (isShown) {
            err.print(ERASE_LINE);
            err.flush();
            isShown = false;
        }
    }

    static String duration(long seconds) {
        return seconds < 60 ? seconds + " s"
                : seconds < 3600 ? String.format(Locale.ROOT, "%d:%02d min", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d h", seconds / 3600, seconds % 3600 / 60);
    }
}
