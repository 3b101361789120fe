package io.penstock.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchEngine;
import io.penstock.batch.job.JobProgress;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Shows how far a batch job is, on standard error: to a person by a bar, to a program by JSON lines. */
final class BatchProgress implements AutoCloseable {
    private static final BatchEngine.Load NOTHING = new BatchEngine.Load(0, 0, 0);
    private static final long BAR_MS = 200;
    private static final long JSON_MS = 1_000;

    /** To whom. */
    enum Form { AUTO, BAR, JSON, NONE }

    private final PrintStream err;
    private final Form form;
    private final JobProgress progress;
    private final int numShards;
    private final Supplier<BatchEngine.Load> load;
    private final ProgressBar bar;
    private final long startNs = System.nanoTime();
    private final Thread thread = Thread.ofPlatform().daemon().name("penstock-progress").unstarted(this::watch);

    /** @param form not {@link Form#AUTO} */
    BatchProgress(PrintStream err, Form form, JobProgress progress, int numShards, Supplier<BatchEngine.Load> load) {
        this.err = err;
        this.form = form;
        this.progress = progress;
        this.numShards = numShards;
        this.load = load;
        bar = new ProgressBar(err, form == Form.BAR, "batch", ProgressBar.QUIET_NS, System::nanoTime);
        if (form != Form.NONE) {
            thread.start();
        }
    }

    static Form resolve(Form asked) {
        return asked != Form.AUTO ? asked : Terminals.isError() ? Form.BAR : Form.NONE;
    }

    private void watch() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(form == Form.BAR ? BAR_MS : JSON_MS);
                show();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void show() {
        if (form == Form.JSON) {
            writeJson("progress");
        } else {
            BatchEngine.Load now = load.get();
            bar.batch(progress.numDone(), total(), String.format(Locale.ROOT,
                    "  %.0f in + %.0f out tokens/s  %.0f %% cached  %d running  %s left",
                    progress.numPromptTokens() / seconds(), progress.numOutputTokens() / seconds(), percentCached(),
                    now == null ? 0 : now.running(), left() < 0 ? "-" : ProgressBar.duration(left())));
        }
    }

    private double seconds() {
        return Math.max((System.nanoTime() - startNs) / 1e9, 1e-3);
    }

    /** Of one shard it is about its part of all; 0 where it is not known. */
    private long total() {
        return Math.max((progress.numRecords() + numShards - 1) / numShards,
                progress.numRecords() == 0 ? 0 : progress.numDone());
    }

    private double percentCached() {
        return 100.0 * progress.numCachedTokens() / Math.max(1, progress.numPromptTokens());
    }

    /** Seconds, -1 where that cannot be said. */
    private long left() {
        double perSecond = (progress.numDone() - progress.numEarlier()) / seconds();
        return perSecond <= 0 || total() == 0 ? -1 : Math.round((total() - progress.numDone()) / perSecond);
    }

    private synchronized void writeJson(String event) {
        BatchEngine.Load found = load.get();
        BatchEngine.Load now = found == null ? NOTHING : found;
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("event", event).put("done", progress.numDone()).put("failed", progress.numFailed());
        if (total() > 0) {
            json.put("total", total());
        }
        json.put("earlier", progress.numEarlier()).put("seconds", rounded(seconds()))
                .put("prompt_tokens", progress.numPromptTokens())
                .put("cached_tokens", progress.numCachedTokens())
                .put("output_tokens", progress.numOutputTokens())
                .put("prompt_tokens_per_s", rounded(progress.numPromptTokens() / seconds()))
                .put("output_tokens_per_s", rounded(progress.numOutputTokens() / seconds()));
        if (event.equals("progress")) {
            json.put("running", now.running()).put("waiting", now.waiting()).put("kv_usage", rounded(now.kvUsage()));
            if (left() >= 0) {
                json.put("eta_s", left());
            }
        }
        err.println(json);
        err.flush();
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** A line that stays, for a person. */
    void say(String line) {
        if (form != Form.JSON) {
            bar.say("penstock: " + line);
        }
    }

    /** What came of the run. */
    void summarize(String how) {
        stop();
        if (form == Form.JSON) {
            writeJson(how);
            return;
        }
        long numNow = progress.numDone() - progress.numEarlier();
        err.println(String.format(Locale.ROOT,
                "%s: %d lines%s%s in %.1f s: %.1f lines/s, %d prompt tokens (%.1f %% from the prefix cache), %d output"
                        + " tokens, %.1f tokens/s",
                how, progress.numDone(),
                progress.numEarlier() > 0 ? " (" + progress.numEarlier() + " in earlier runs)" : "",
                progress.numFailed() > 0 ? ", " + progress.numFailed() + " of them failed" : "", seconds(),
                numNow / seconds(), progress.numPromptTokens(), percentCached(), progress.numOutputTokens(),
                progress.numOutputTokens() / seconds()));
        err.flush();
    }

    private void stop() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        bar.clear();
    }

    @Override
    public void close() {
        stop();
    }
}
