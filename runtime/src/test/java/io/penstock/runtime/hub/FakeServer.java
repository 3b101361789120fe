package io.penstock.runtime.hub;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** An HTTP/1.1 server on a bare socket, so that it can lie, stall and cut connections. One request a connection. */
final class FakeServer implements AutoCloseable {
    private final ServerSocket socket;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Handler handler;

    interface Handler {
        Reply handle(Request request) throws Exception;
    }

    record Request(String method, String path, Map<String, String> headers) {
        String header(String name) {
            return headers.get(name);
        }
    }

    /**
     * An answer.
     *
     * @param length the Content-Length to claim; -1 sends none
     * @param sentBytes how much of the body goes out before the connection is closed
     * @param until if not null, the connection stays open after the body until this is counted down
     */
    record Reply(int status, Map<String, String> headers, byte[] body, long length, int sentBytes,
            CountDownLatch until) {
        static Reply of(int status, byte[] body, String... headers) {
            Map<String, String> map = new LinkedHashMap<>();
            for (int i = 0; i < headers.length; i += 2) {
                map.put(headers[i], headers[i + 1]);
            }
            return new Reply(status, map, body, body.length, body.length, null);
        }

        static Reply status(int status, String... headers) {
            return of(status, new byte[0], headers);
        }

        Reply with(String header, String value) {
            Map<String, String> map = new LinkedHashMap<>(headers);
            map.put(header, value);
            return new Reply(status, map, body, length, sentBytes, until);
        }

        Reply withBody(byte[] other) {
            return new Reply(status, headers, other, other.length, other.length, until);
        }

        Reply claiming(long bytes) {
            return new Reply(status, headers, body, bytes, sentBytes, until);
        }

        Reply cutAfter(int bytes) {
            return new Reply(status, headers, body, length, Math.min(bytes, body.length), until);
        }

        Reply stallingUntil(CountDownLatch latch) {
            return new Reply(status, headers, body, length, sentBytes, latch);
        }
    }

    FakeServer(Handler handler) {
        this.handler = handler;
        try {
            socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + socket.getLocalPort();
    }

    URI uri() {
        return URI.create(url());
    }

    /** What was asked, in order. */
    List<Request> requests() {
        return requests;
    }

    List<Request> requests(String method, String pathPart) {
        return requests.stream().filter(r -> r.method().equals(method) && r.path().contains(pathPart)).toList();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = socket.accept();
                Thread.ofVirtual().start(() -> serve(connection));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            Request request = read(new BufferedInputStream(connection.getInputStream()));
            if (request == null) {
                return;
            }
            requests.add(request);
            Reply reply;
            try {
                reply = handler.handle(request);
            } catch (Exception e) {
                reply = Reply.of(500, e.toString().getBytes(StandardCharsets.UTF_8));
            }
            write(connection.getOutputStream(), request, reply);
            if (reply.until() != null) {
                reply.until().await();
            }
        } catch (IOException | InterruptedException e) {
            // The client went away, as some tests want it to.
        }
    }

    private static Request read(InputStream in) throws IOException {
        String[] start = line(in).split(" ");
        if (start.length < 2) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        return new Request(start[0].toUpperCase(Locale.ROOT), start[1], headers);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private static void write(OutputStream out, Request request, Reply reply) throws IOException {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " X\r\nConnection: close\r\n");
        reply.headers().forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (reply.length() >= 0) {
            head.append("Content-Length: ").append(reply.length()).append("\r\n");
        }
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        if (!request.method().equals("HEAD")) {
            out.write(reply.body(), 0, reply.sentBytes());
        }
        out.flush();
    }
}
