package io.penstock.serving.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Who answers which path and method. Filled before the server starts, read by all its event loops. */
public final class HttpRouter {
    /** A path with this at its end also stands for everything below it. */
    private static final String BELOW = "/*";

    private final Map<String, Map<String, Route>> exact = new LinkedHashMap<>();
    private final Map<String, Map<String, Route>> below = new LinkedHashMap<>();

    /**
     * An answer and who may ask for it.
     *
     * @param handler null for an upload
     * @param isOpen whether it is given without a key
     * @param upload null for a body that is kept whole
     */
    record Route(HttpHandler handler, boolean isOpen, Upload upload) {}

    /** Who takes a body in pieces, and how much of it. */
    record Upload(UploadHandler handler, long maxBytes) {}

    /** What a request's path and method lead to. */
    sealed interface Match {
        record Found(Route route) implements Match {}

        /** The path is there, the method is not. */
        record WrongMethod(String allowed) implements Match {}

        record NoPath() implements Match {}
    }

    /** Adds an answer for those who have a key. */
    public HttpRouter add(String method, String path, HttpHandler handler) {
        return add(method, path, new Route(handler, false, null));
    }

    /** Adds an answer for everybody. */
    public HttpRouter addOpen(String method, String path, HttpHandler handler) {
        return add(method, path, new Route(handler, true, null));
    }

    /**
     * Adds an answer, for those who have a key, to requests whose bodies come in pieces instead of whole.
     *
     * @param maxBytes the longest body; a longer one is refused with status 413
     */
    public HttpRouter addUpload(String method, String path, long maxBytes, UploadHandler handler) {
        return add(method, path, new Route(null, false, new Upload(handler, maxBytes)));
    }

    private HttpRouter add(String method, String path, Route route) {
        boolean isBelow = path.endsWith(BELOW);
        String key = isBelow ? path.substring(0, path.length() - 1) : path;
        Map<String, Route> methods = (isBelow ? below : exact).computeIfAbsent(key, k -> new TreeMap<>());
        if (methods.put(method, route) != null) {
            throw new IllegalArgumentException(method + " " + path + " has two answers");
        }
        return this;
    }

    Match find(String method, String path) {
        Map<String, Route> methods = exact.get(path);
        for (var entry : below.entrySet()) {
            if (methods == null && path.startsWith(entry.getKey()) && path.length() > entry.getKey().length()) {
                methods = entry.getValue();
            }
        }
        if (methods == null) {
            return new Match.NoPath();
        }
        Route route = methods.get(method);
        if (route == null && method.equals("HEAD")) {
            route = methods.get("GET");
        }
        return route == null ? new Match.WrongMethod(allowed(methods)) : new Match.Found(route);
    }

    private static String allowed(Map<String, Route> methods) {
        StringBuilder allowed = new StringBuilder("OPTIONS");
        for (String method : methods.keySet()) {
            allowed.append(", ").append(method);
            if (method.equals("GET")) {
                allowed.append(", HEAD");
            }
        }
        return allowed.toString();
    }
}
