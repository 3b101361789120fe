package io.penstock.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client as a process: asks for streams, says so when the first of each has come, and reads on. */
final class StreamingClient {
    private static final int NUM_STREAMS = 3;
    private static final int NUM_TOKENS = 4_000;

    private StreamingClient() {}

    public static void main(String[] args) throws IOException {
        String body = ServeProcess.body(NUM_TOKENS, true);
        InputStream[] streams = new InputStream[NUM_STREAMS];
        for (int i = 0; i < NUM_STREAMS; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
            socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
            streams[i] = socket.getInputStream();
            streams[i].read();
        }
        System.out.println("streaming");
        System.out.flush();
        for (InputStream stream : streams) {
            stream.transferTo(java.io.OutputStream.nullOutputStream());
        }
    }
}
