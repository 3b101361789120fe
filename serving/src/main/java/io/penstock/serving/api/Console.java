package io.penstock.serving.api;

import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.http.HttpRouter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The page at {@code /}: plain files, read once. They hold nothing of the model's, so they need no key. */
final class Console {
    private static final String FOLDER = "/io/penstock/serving/console/";
    private static final List<String> FILES = List.of("style.css", "app.js", "chat.js", "live.js");

    private Console() {}

    static void addTo(HttpRouter router) {
        byte[] page = read("index.html");
        router.addOpen("GET", "/", exchange -> respond(exchange, "text/html; charset=utf-8", page));
        for (String file : FILES) {
            byte[] content = read(file);
            String type = file.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
            router.addOpen("GET", "/console/" + file, exchange -> respond(exchange, type, content));
        }
    }

    private static void respond(HttpExchange exchange, String type, byte[] content) {
        exchange.respondPage(type, content);
    }

    private static byte[] read(String file) {
        try (InputStream in = Console.class.getResourceAsStream(FOLDER + file)) {
            if (in == null) {
                throw new IllegalStateException("the console's " + file + " is not in the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
