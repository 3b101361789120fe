package io.penstock.bench.loadgen.canned;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Answers as they go over the wire, rendered once. */
final class CannedBytes {
    private static final String ID = "\"id\":\"cmpl-canned\",\"created\":1700000000,\"model\":\"canned\"";

    /** Status line and headers of a stream. */
    static final ByteBuf HEAD = bytes("""
            HTTP/1.1 200 OK\r
            content-type: text/event-stream\r
            transfer-encoding: chunked\r
            \r
            """);

    static final ByteBuf CHAT_TOKEN = event("{" + ID + ",\"object\":\"chat.completion.chunk\","
            + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}");
    static final ByteBuf TOKEN = event("{" + ID + ",\"object\":\"text_completion\",\"choices\":[{\"index\":0,"
            + "\"text\":\" token\",\"finish_reason\":null}]}");
    static final ByteBuf ERROR_EVENT = event("{\"error\":{\"message\":\"the engine has failed\",\"type\":\"server\","
            + "\"code\":500}}");
    static final ByteBuf GARBAGE = event("{\"choices\":[{\"te");
    static final ByteBuf MODELS = answer("200 OK", "{\"object\":\"list\",\"data\":[{\"id\":\"canned\","
            + "\"object\":\"model\",\"owned_by\":\"penstock-bench\"}]}");
    static final ByteBuf VERSION = answer("200 OK", "{\"version\":\"canned\"}");
    static final ByteBuf NOTHING_THERE = answer("404 Not Found", "{\"error\":{\"message\":\"there is nothing here\"}}");
    static final ByteBuf UNAUTHORIZED = answer("401 Unauthorized",
            "{\"error\":{\"message\":\"the API key is wrong\",\"type\":\"invalid_request_error\"}}");
    static final ByteBuf NO_MODEL = answer("404 Not Found",
            "{\"error\":{\"message\":\"the model does not exist\",\"type\":\"invalid_request_error\"}}");
    static final ByteBuf UNAVAILABLE = answer("503 Service Unavailable",
            "{\"error\":{\"message\":\"draining\",\"type\":\"server_error\"}}");

    private CannedBytes() {}

    /** What ends an answer: usage, the mark, and the last chunk. */
    static ByteBuf end(int promptTokens, int outputTokens) {
        return Unpooled.wrappedBuffer((chunk("data: {" + ID + ",\"choices\":[],\"usage\":{"
                + "\"prompt_tokens\":" + promptTokens + ",\"completion_tokens\":" + outputTokens
                + ",\"total_tokens\":" + (promptTokens + outputTokens)
                + "}}\n\n") + chunk("data: [DONE]\n\n") + "0\r\n\r\n").getBytes(
                StandardCharsets.US_ASCII));
    }

    private static ByteBuf event(String json) {
        return bytes(chunk("data: " + json + "\n\n"));
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static ByteBuf answer(String status, String body) {
        return bytes("HTTP/1.1 " + status + "\r\ncontent-type: application/json\r\ncontent-length: " + body.length()
                + "\r\n\r\n" + body);
    }

    /** Lives as long as the program. */
    private static ByteBuf bytes(String text) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer(ascii.length).writeBytes(ascii).asReadOnly());
    }
}
