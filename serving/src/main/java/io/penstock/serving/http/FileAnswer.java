package io.penstock.serving.http;

import io.penstock.serving.openai.response.ErrorBody;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file as an answer, however large: a worker reads the next piece when the client has taken the last one. A client
 * that takes nothing is cut off.
 */
public final class FileAnswer {
    private static final Logger LOG = LoggerFactory.getLogger(FileAnswer.class);
    private static final int PIECE_BYTES = 256 << 10;

    private final HttpExchange exchange;
    private final Executor worker;
    private final Path path;
    private FileChannel file;
    private long leftBytes;
    private boolean isReading;

    private FileAnswer(HttpExchange exchange, Executor worker, Path path) {
        this.exchange = exchange;
        this.worker = worker;
        this.path = path;
    }

    /**
     * Sends a file with the length that it has now; 404 where there is none. On the exchange's event loop.
     *
     * @param worker opens and reads it
     */
    public static void send(HttpExchange exchange, String contentType, Path path, Executor worker) {
        var answer = new FileAnswer(exchange, worker, path);
        if (!answer.work(() -> answer.open(contentType))) {
            exchange.respond(429, ErrorBody.queueFull());
        }
    }

    private boolean work(Runnable task) {
        try {
            worker.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void onLoop(Runnable task) {
        exchange.eventLoop().execute(task);
    }

    private void open(String contentType) {
        try {
            file = FileChannel.open(path, StandardOpenOption.READ);
            leftBytes = file.size();
        } catch (NoSuchFileException e) {
            onLoop(() -> exchange.respond(404,
                    new ErrorBody("there is no such file any more", ErrorBody.INVALID_REQUEST, null, null)));
            return;
        } catch (IOException e) {
            LOG.error("{} cannot be read for {}", path, exchange.path(), e);
            onLoop(() -> exchange.respond(500, ErrorBody.defect()));
            return;
        }
        onLoop(() -> start(contentType));
    }

    private void start(String contentType) {
        exchange.whenGone(this::closeUnlessReading);
        exchange.whenWritable(this::next);
        exchange.startBody(200, contentType, leftBytes);
        if (exchange.isOver() || leftBytes == 0) {
            exchange.endBody();
            closeUnlessReading();
        } else {
            next();
        }
    }

    /** Reads on if nothing is being read and the client takes what comes. */
    private void next() {
        if (isReading || exchange.isOver() || !exchange.isWritable()) {
            return;
        }
        isReading = true;
        if (!work(this::read)) {
            LOG.warn("{} is cut off: the workers' queue is full", exchange.path());
            isReading = false;
            exchange.abandon();
        }
    }

    private void read() {
        byte[] piece = new byte[(int) Math.min(PIECE_BYTES, leftBytes)];
        ByteBuffer buffer = ByteBuffer.wrap(piece);
        try {
            int numRead = 0;
            while (buffer.hasRemaining() && numRead >= 0) {
                numRead = file.read(buffer);
            }
        } catch (IOException e) {
            LOG.error("{} cannot be read on for {}", path, exchange.path(), e);
        }
        boolean isWhole = !buffer.hasRemaining();
        onLoop(() -> sent(piece, isWhole));
    }

    private void sent(byte[] piece, boolean isWhole) {
        isReading = false;
        leftBytes -= piece.length;
        if (!isWhole) {
            exchange.abandon();
        } else if (!exchange.isOver()) {
            exchange.write(piece);
        }
        if (exchange.isOver() || !isWhole || leftBytes == 0) {
            exchange.endBody();
            closeUnlessReading();
        } else {
            next();
        }
    }

    private void closeUnlessReading() {
        if (!isReading) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("{} cannot be closed", path, e);
            }
        }
    }
}
