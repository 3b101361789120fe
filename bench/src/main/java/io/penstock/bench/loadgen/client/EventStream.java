package io.penstock.bench.loadgen.client;

import io.netty.buffer.ByteBuf;
import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.RequestRecord;
import java.util.Arrays;

/** Takes the body of a streamed answer apart as it comes, and tells a request's record. One for each connection. */
final class EventStream {
    /** A line that is longer is no event of a model's server. */
    private static final int MAX_LINE_BYTES = 16 << 20;
    private static final int FIRST_CAPACITY = 8 << 10;

    private final EventScanner scanner = new EventScanner();
    private byte[] bytes = new byte[FIRST_CAPACITY];
    private int size;
    private boolean isDone;

    /** A new answer begins. */
    void reset() {
        size = 0;
        isDone = false;
    }

    /** Whether {@code [DONE]} came. */
    boolean isDone() {
        return isDone;
    }

    /** More of the answer. */
    void read(ByteBuf content, long nowNs, RequestRecord record) {
        int more = content.readableBytes();
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
        content.readBytes(bytes, size, more);
        int from = 0;
        for (int at = size, end = size + more; at < end; at++) {
            if (bytes[at] == '\n') {
                line(from, at, nowNs, record);
                from = at + 1;
            }
        }
        size += more - from;
        System.arraycopy(bytes, from, bytes, 0, size);
        if (size > MAX_LINE_BYTES) {
            record.failed(nowNs, FailureKind.PROTOCOL, "an event is longer than " + MAX_LINE_BYTES + " bytes");
        }
    }

    private void line(int from, int end, long nowNs, RequestRecord record) {
        int to = end > from && bytes[end - 1] == '\r' ? end - 1 : end;
        if (to - from < 5 || bytes[from] != 'd' || bytes[from + 1] != 'a' || bytes[from + 2] != 't'
                || bytes[from + 3] != 'a' || bytes[from + 4] != ':') {
            return;
        }
        int at = from + 5;
        while (at < to && bytes[at] == ' ') {
            at++;
        }
        if (at == to) {
            return;
        }
        if (bytes[at] == '[') {
            isDone = true;
            return;
        }
        event(at, to, nowNs, record);
    }

    private void event(int from, int to, long nowNs, RequestRecord record) {
        try {
            scanner.scan(bytes, from, to, record.text(), record.tokenIds());
        } catch (IllegalArgumentException e) {
            record.failed(nowNs, FailureKind.PROTOCOL, e.getMessage());
            return;
        }
        if (scanner.error() != null) {
            record.failed(nowNs, FailureKind.STREAM, scanner.error());
            return;
        }
        if (scanner.numIds() > 0) {
            record.tokens(nowNs, scanner.numIds(), scanner.numIds());
        } else if (scanner.textBytes() > 0) {
            record.tokens(nowNs, scanner.textBytes(), 1);
        } else if (scanner.hasToolCalls()) {
            record.tokens(nowNs, 1, 1);
        }
        if (scanner.hasUsage() && scanner.completionTokens() > 0) {
            record.usage(scanner.promptTokens(), scanner.completionTokens(), scanner.cachedTokens());
        }
    }
}
