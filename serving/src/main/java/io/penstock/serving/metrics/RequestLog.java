package io.penstock.serving.metrics;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.runtime.FinishReason;
import io.penstock.runtime.InputException;
import io.penstock.serving.stream.StreamObserver;
import io.penstock.serving.stream.StreamReport;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One JSON object a line for each request that ended: counts and times, never what was said. Written by a thread of
 * its own; where it cannot keep up, lines are left out and counted.
 */
public final class RequestLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);
    private static final int MAX_WAITING = 65_536;
    private static final long POLL_MS = 100;
    private static final double MS = 1e-6;

    private final Writer out;
    private final BlockingQueue<StreamReport> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicLong numLeftOut = new AtomicLong();
    private final JsonFactory json = new JsonFactory();
    private final Thread writer = Thread.ofPlatform().daemon().name("penstock-request-log").unstarted(this::write);
    private volatile boolean isClosed;

    private RequestLog(Writer out) {
        this.out = out;
    }

    /** Appends to a file, which is made if it is not there. */
    public static RequestLog open(Path file) {
        try {
            BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            var log = new RequestLog(out);
            log.writer.start();
            return log;
        } catch (IOException e) {
            throw new InputException("the request log cannot be written to " + file + ": "
                    + e.getMessage(), e);
        }
    }

    /** An observer that logs beside what another one does. */
    public StreamObserver observer(StreamObserver other) {
        return new StreamObserver() {
            @Override
            public void tokens(int numTokens, long gapNs) {
                other.tokens(numTokens, gapNs);
            }

            @Override
            public void ended(StreamReport report) {
                other.ended(report);
                if (!waiting.offer(report)) {
                    numLeftOut.incrementAndGet();
                }
            }
        };
    }

    private void write() {
        try {
            while (!isClosed || !waiting.isEmpty()) {
                StreamReport report = waiting.poll(POLL_MS, TimeUnit.MILLISECONDS);
                if (report != null) {
                    out.write(line(report));
                    out.write('\n');
                }
                if (waiting.isEmpty()) {
                    out.flush();
                }
            }
            out.close();
        } catch (IOException e) {
            LOG.error("the request log ends here", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String line(StreamReport report) {
        var text = new StringWriter();
        try (JsonGenerator line = json.createGenerator(text)) {
            line.writeStartObject();
            line.writeStringField("time", Instant.now().toString());
            line.writeStringField("request_id", report.requestId());
            line.writeStringField("status", report.failure() == null ? "ok"
                    : report.failure().kind().name().toLowerCase(Locale.ROOT));
            line.writeArrayFieldStart("finish_reasons");
            for (FinishReason reason : report.reasons()) {
                line.writeString(reason == null ? "none" : reason.name().toLowerCase(Locale.ROOT));
            }
            line.writeEndArray();
            line.writeNumberField("prompt_tokens", report.tokens().prompt());
            line.writeNumberField("cached_tokens", report.tokens().cached());
            line.writeNumberField("output_tokens", report.tokens().output());
            line.writeNumberField("preemptions", report.tokens().numPreemptions());
            StreamReport.Times times = report.times();
            since(line, "queue_ms", times.submittedNs(), times.admittedNs());
            since(line, "first_token_ms", times.arrivedNs(), times.firstTokenNs());
            since(line, "total_ms", times.arrivedNs(), times.endedNs());
            long leftOut = numLeftOut.getAndSet(0);
            if (leftOut > 0) {
                line.writeNumberField("lines_left_out_before", leftOut);
            }
            line.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static void since(JsonGenerator line, String name, long fromNs, long toNs) throws IOException {
        if (fromNs != 0 && toNs != 0) {
            line.writeNumberField(name, Math.round(Math.max(0, toNs - fromNs) * MS * 1_000) / 1_000.0);
        }
    }

    /** Writes what waits, and ends. */
    @Override
    public void close() {
        isClosed = true;
        try {
            writer.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
