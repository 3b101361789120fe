package io.penstock.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.InputException;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.GenerationResults;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** One run of {@code generate --input}: prompts in, answers out, a bar while it lasts and a line at the end. */
final class InputRun {
    private static final long WATCH_MS = 200;
    private static final long STOP_SECONDS = 2;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PromptLines lines;
    private final Format format;
    private final AnswerPrinter.Style style;
    private PrintStream out;

    /** Answers that wait for one of an earlier prompt, by index. */
    private final Map<Long, Runnable> waiting = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private long nextIndex;
    private long numDone;
    private long numFailed;
    private boolean isStopped;

    /**
     * What is written.
     *
     * @param json JSON lines on standard output
     * @param file JSON lines in a new file; null for none
     * @param showsThinking in answers that are no JSON
     */
    record Format(boolean json, Path file, boolean showsThinking) {
        boolean isJson() {
            return json || file != null;
        }
    }

    InputRun(PromptLines lines, Format format) {
        this.lines = lines;
        this.format = format;
        style = new AnswerPrinter.Style(Terminals.isOutput(), format.showsThinking());
    }

    /** Refuses a file that cannot be created, before anything else is done. */
    static void requireNew(Path file) {
        if (file != null && Files.exists(file)) {
            throw new InputException(file + " is there already: give another name");
        }
        if (file != null && !Files.isDirectory(file.toAbsolutePath().getParent())) {
            throw new InputException(file + " cannot be written: there is no folder " + file.getParent());
        }
    }

    private static PrintStream create(Path file) {
        try {
            return new PrintStream(new StandardOutput(
                    Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), file),
                    false, StandardCharsets.UTF_8);
        } catch (FileAlreadyExistsException e) {
            throw new InputException(file + " is there already: give another name", e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be written: " + e.getMessage(), e);
        }
    }

    /** Runs all prompts; the exit code. */
    int run(RequestEncoder encoder, ServingConfig config) {
        boolean isWatched = Terminals.isError();
        long total = isWatched ? lines.count() : 0;
        try (Session session = Session.open(encoder, config)) {
            out = format.file() == null ? System.out : create(format.file());
            SchedulerStats stats = session.penstock().stats();
            long startNs = System.nanoTime();
            var bar = new ProgressBar(System.err, isWatched, "generating", ProgressBar.QUIET_NS, System::nanoTime);
            var stopping = new Thread(() -> stop(bar, stats, startNs));
            Runtime.getRuntime().addShutdownHook(stopping);
            Thread watching = Thread.ofPlatform().daemon().name("penstock-progress").unstarted(
                    () -> watch(bar, total, stats));
            if (isWatched) {
                watching.start();
            }
            try (GenerationResults results = session.penstock().generate(lines)) {
                while (results.hasNext()) {
                    take(results.next(), bar);
                }
            } finally {
                watching.interrupt();
                end(bar);
                Runtime.getRuntime().removeShutdownHook(stopping);
                closeOutput();
            }
            System.err.println(summary(stats, startNs));
        }
        return numFailed > 0 ? 1 : 0;
    }

    private void watch(ProgressBar bar, long total, SchedulerStats stats) {
        try {
            while (show(bar, total, stats)) {
                TimeUnit.MILLISECONDS.sleep(WATCH_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean show(ProgressBar bar, long total, SchedulerStats stats) {
        lock.lock();
        try {
            if (!isStopped) {
                bar.generation(numDone, total, stats.numOutputTokens(), stats.numRunning());
            }
            return !isStopped;
        } finally {
            lock.unlock();
        }
    }

    private void end(ProgressBar bar) {
        lock.lock();
        isStopped = true;
        bar.clear();
        lock.unlock();
    }

    private void take(GenerationResult result, ProgressBar bar) {
        lock.lock();
        try {
            write(result, bar);
        } finally {
            lock.unlock();
        }
    }

    private void write(GenerationResult result, ProgressBar bar) {
        numDone++;
        PromptLines.Line line = lines.take(result.request().id());
        if (result.isFailed()) {
            numFailed++;
            bar.say("penstock: " + lines.source() + " line " + line.number() + ": " + result.error().getMessage());
        }
        if (format.isJson()) {
            writeJson(result, line);
            return;
        }
        if (style.isTerminal()) {
            bar.clear();
        }
        waiting.put(result.index(), () -> print(result, line));
        for (Runnable print = waiting.remove(nextIndex); print != null; print = waiting.remove(nextIndex)) {
            print.run();
            nextIndex++;
        }
    }

    private void print(GenerationResult result, PromptLines.Line line) {
        if (result.isFailed()) {
            out.println();
            return;
        }
        boolean hasTools = line.request().chat().tools() != null;
        for (GenerationResult.Choice choice : result.choices()) {
            GenerateCommand.printChoice(choice, result.choices().size(),
                    new AnswerPrinter(out, style, hasTools, result.prompt().startsInThinking()));
        }
    }

    private void writeJson(GenerationResult result, PromptLines.Line line) {
        var bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeNumberField("index", result.index());
            json.writeNumberField("line", line.number());
            if (result.isFailed()) {
                json.writeObjectFieldStart("error");
                json.writeStringField("message", result.error().getMessage());
                json.writeEndObject();
            } else {
                json.writeFieldName("response");
                json.writeRawValue(new String(
                        ChatAnswers.response(lines.encoder(), line.request(), result), StandardCharsets.UTF_8));
                json.writeArrayFieldStart("seeds");
                for (GenerationResult.Choice choice : result.choices()) {
                    json.writeNumber(choice.seed());
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        bytes.write('\n');
        out.write(bytes.toByteArray(), 0, bytes.size());
        out.flush();
    }

    private void closeOutput() {
        if (format.file() == null) {
            out.flush();
        } else {
            out.close();
        }
    }

    /**
     * Ctrl-C: what is written is whole, and the rest is said to be missing. The lock is kept, so that nothing is begun
     * any more; where a reader of standard output holds it up, the process ends without it.
     */
    private void stop(ProgressBar bar, SchedulerStats stats, long startNs) {
        try {
            if (lock.tryLock(STOP_SECONDS, TimeUnit.SECONDS)) {
                bar.clear();
                out.flush();
                System.err.println("stopped: " + summary(stats, startNs));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String summary(SchedulerStats stats, long startNs) {
        double seconds = (System.nanoTime() - startNs) / 1e9;
        double cached = 100.0 * stats.numCachedTokens() / Math.max(1, stats.numPromptTokens());
        return String.format(Locale.ROOT,
                "%d prompts%s in %.1f s: %d prompt tokens (%.1f %% from the prefix cache), %d output tokens,"
                        + " %.1f tokens/s, %d preemptions",
                numDone, numFailed == 0 ? "" : " (" + numFailed + " failed)", seconds, stats.numPromptTokens(), cached,
                stats.numOutputTokens(), stats.numOutputTokens() / seconds,
                stats.numPreemptionsBySwap() + stats.numPreemptionsByRecompute());
    }
}
