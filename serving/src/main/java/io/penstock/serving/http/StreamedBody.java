package io.penstock.serving.http;

import io.netty.buffer.ByteBuf;

/** A body on its way to whoever takes it in pieces; sees to it that the sink hears of one end. */
final class StreamedBody {
    private final BodySink sink;
    private final long maxBytes;
    private long numBytes;
    private boolean isPaused;
    private boolean isWhole;
    private boolean isOver;

    StreamedBody(BodySink sink, long maxBytes) {
        this.sink = sink;
        this.maxBytes = maxBytes;
    }

    /** Counts the next part; null if it fits, else what to tell the client. */
    RequestErrors.Refusal count(ByteBuf part) {
        numBytes += part.readableBytes();
        return numBytes > maxBytes ? RequestErrors.tooLarge(maxBytes) : null;
    }

    /** Hands on the next part. */
    void hand(ByteBuf part, boolean isLast) {
        isWhole = isLast;
        if (part.isReadable()) {
            byte[] piece = new byte[part.readableBytes()];
            part.readBytes(piece);
            isPaused = !sink.take(piece);
        }
    }

    /** Whether all of it has been handed on. */
    boolean isWhole() {
        return isWhole;
    }

    /** Whether the sink has to be waited for. */
    boolean isPaused() {
        return isPaused && !isOver;
    }

    void resume() {
        isPaused = false;
    }

    void end() {
        isOver = true;
        sink.end();
    }

    void cut() {
        if (!isOver) {
            isOver = true;
            sink.cut();
        }
    }
}
