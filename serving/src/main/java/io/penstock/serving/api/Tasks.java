package io.penstock.serving.api;

import io.penstock.runtime.InputException;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers that take too long for an event loop. */
final class Tasks {
    private static final Logger LOG = LoggerFactory.getLogger(Tasks.class);

    private Tasks() {}

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
