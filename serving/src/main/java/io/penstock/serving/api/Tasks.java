package io.penstock.serving.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.penstock.runtime.InputException;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.http.HttpHandler;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests and answers that take too long for an event loop. */
final class Tasks {
    private static final Logger LOG = LoggerFactory.getLogger(Tasks.class);

    /** Bodies up to this are read on the event loop: a fraction of a millisecond. */
    private static final int MAX_LOOP_BYTES = 32 << 10;

    private Tasks() {}

    /** Who reads a body, and who goes on with what it says. */
    interface Reader<T> {
        /** @throws InputException for a body that says nothing useful */
        T read(byte[] body);
    }

    /** Goes on with a request that has been read. On the exchange's loop. */
    interface Handler<T> {
        void handle(HttpExchange exchange, T request);
    }

    /**
     * A handler of requests in JSON: long ones are read on a worker, while what is pipelined behind them waits for
     * their answer as ever. Another media type is refused; a web page may send some without asking whether it may.
     */
    static <T> HttpHandler json(Executor worker, Reader<T> reader, Handler<T> handler) {
        return exchange -> {
            if (!isJson(exchange.header(HttpHeaderNames.CONTENT_TYPE))) {
                exchange.respond(415, new ErrorBody("Content-Type must be application/json",
                        ErrorBody.INVALID_REQUEST, null, null));
            } else if (exchange.body().length <= MAX_LOOP_BYTES) {
                handler.handle(exchange, reader.read(exchange.body()));
            } else {
                readElsewhere(exchange, worker, reader, handler);
            }
        };
    }

    private static boolean isJson(String contentType) {
        if (contentType == null) {
            return true;
        }
        int parameters = contentType.indexOf(';');
        return (parameters < 0 ? contentType : contentType.substring(0, parameters)).strip()
                .equalsIgnoreCase(HttpExchange.JSON);
    }

    private static <T> void readElsewhere(HttpExchange exchange, Executor worker, Reader<T> reader,
            Handler<T> handler) {
        byte[] body = exchange.body();
        try {
            worker.execute(() -> {
                Supplier<T> request = read(body, reader);
                exchange.eventLoop().execute(() -> {
                    if (!exchange.isOver()) {
                        exchange.guard(() -> handler.handle(exchange, request.get()));
                    }
                });
            });
        } catch (RejectedExecutionException e) {
            exchange.respond(429, ErrorBody.queueFull());
        }
    }

    /** What the body says, or the failure to read it. */
    private static <T> Supplier<T> read(byte[] body, Reader<T> reader) {
        try {
            T request = reader.read(body);
            return () -> request;
        } catch (RuntimeException e) {
            return () -> {
                throw e;
            };
        } catch (StackOverflowError e) {
            return () -> {
                throw e;
            };
        }
    }

    /** Makes the answer on the worker and gives it on the exchange's loop. */
    static void answer(HttpExchange exchange, Executor worker, Supplier<JsonBody> task) {
        try {
            worker.execute(() -> {
                Runnable respond = run(exchange, task);
                exchange.eventLoop().execute(respond);
            });
        } catch (RejectedExecutionException e) {
            exchange.respond(429, ErrorBody.queueFull());
        }
    }

    private static Runnable run(HttpExchange exchange, Supplier<JsonBody> task) {
        try {
            byte[] json = task.get().toJson();
            return () -> exchange.respond(200, HttpExchange.JSON, json);
        } catch (InputException e) {
            return () -> exchange.respond(400, ErrorBody.of(e));
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("{} failed because of a defect", exchange.path(), e);
            return () -> exchange.respond(500, ErrorBody.defect());
        }
    }
}
