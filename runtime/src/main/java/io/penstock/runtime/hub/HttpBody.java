package io.penstock.runtime.hub;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of an answer as it arrives, read by one thread with a limit on the silence between two pieces. Holds at
 * most {@link #PIECES_AHEAD} pieces that were not read yet.
 */
final class HttpBody implements HttpResponse.BodySubscriber<HttpBody>, AutoCloseable {
    private static final int PIECES_AHEAD = 16;

    private sealed interface Event {
        record Bytes(List<ByteBuffer> buffers) implements Event { }

        record End() implements Event { }

        record Failed(Throwable cause) implements Event { }
    }

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private final Deque<ByteBuffer> unread = new ArrayDeque<>();
    private boolean ended;

    @Override
    public CompletionStage<HttpBody> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription source) {
        if (subscription.complete(source)) {
            source.request(PIECES_AHEAD);
        } else {
            source.cancel();
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        events.add(new Event.Bytes(buffers));
    }

    @Override
    public void onError(Throwable cause) {
        events.add(new Event.Failed(cause));
    }

    @Override
    public void onComplete() {
        events.add(new Event.End());
    }

    /**
     * The next bytes, or null after the last.
     *
     * @throws HttpTimeoutException after {@code silence} without any
     */
    ByteBuffer next(Duration silence) throws IOException, InterruptedException {
        while (unread.isEmpty() && !ended) {
            Event event = events.poll(silence.toNanos(), TimeUnit.NANOSECONDS);
            switch (event) {
                case null -> throw new HttpTimeoutException("nothing arrived for " + silence.toSeconds() + " s");
                case Event.Bytes(List<ByteBuffer> buffers) -> {
                    unread.addAll(buffers);
                    subscription.join().request(1);
                }
                case Event.End() -> ended = true;
                case Event.Failed(Throwable cause) ->
                        throw new IOException("the connection was cut: " + cause.getMessage(), cause);
            }
        }
        return unread.poll();
    }

    /** The whole body, at most {@code maxBytes} of it. */
    byte[] readAll(int maxBytes, Duration silence) throws IOException, InterruptedException {
        byte[] all = new byte[Math.min(maxBytes, 1 << 16)];
        int length = 0;
        for (ByteBuffer piece = next(silence); piece != null; piece = next(silence)) {
            if (piece.remaining() > maxBytes - length) {
                throw new IOException("the answer has more than " + maxBytes + " bytes");
            }
            if (piece.remaining() > all.length - length) {
                all = Arrays.copyOf(all, (int) Math.min(maxBytes, 2L * (length + piece.remaining())));
            }
            int count = piece.remaining();
            piece.get(all, length, count);
            length += count;
        }
        return Arrays.copyOf(all, length);
    }

    /** Stops the transfer; harmless at the end. */
    @Override
    public void close() {
        if (!subscription.cancel(false)) {
            subscription.join().cancel();
        }
    }
}
