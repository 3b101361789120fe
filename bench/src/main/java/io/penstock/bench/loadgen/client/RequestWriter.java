package io.penstock.bench.loadgen.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import java.nio.charset.StandardCharsets;

/** Writes requests as HTTP/1.1, ready to be sent; what is the same in all of them is written once. */
final class RequestWriter {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MAX_ID_BYTES = 11;
    private static final int ROOM_BYTES = 256;

    private final boolean isChat;
    private final boolean isStamped;
    private final byte[] head;
    private final byte[] fields;
    private final byte[] lengthField;

    RequestWriter(HttpTarget target) {
        isChat = target.isChat();
        isStamped = target.isStamped();
        var text = new StringBuilder();
        text.append("POST ").append(target.path()).append(" HTTP/1.1\r\nHost: ").append(target.base().getRawAuthority())
                .append("\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n");
        target.headers().forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        head = text.append("Content-Length: ").toString().getBytes(StandardCharsets.ISO_8859_1);
        ObjectNode body = target.body().deepCopy();
        body.put("stream", true);
        if (!body.has("stream_options")) {
            body.putObject("stream_options").put("include_usage", true);
        }
        byte[] whole = bytes(body);
        fields = new byte[whole.length - 1];
        System.arraycopy(whole, 1, fields, 0, fields.length);
        lengthField = ascii(body.has("max_tokens") || body.has("max_completion_tokens") ? ""
                : isChat ? "\"max_completion_tokens\":" : "\"max_tokens\":");
    }

    /** The bytes of a request that is sent at {@code nowNs}; the caller releases them. */
    ByteBuf write(LoadRequest request, long nowNs, ByteBufAllocator allocator) {
        ByteBuf body = body(request, allocator);
        try {
            ByteBuf out = allocator.buffer(head.length + MAX_ID_BYTES + 4 + body.readableBytes());
            out.writeBytes(head);
            writeNumber(out, body.readableBytes());
            if (isStamped) {
                out.writeBytes(ascii("\r\n" + HttpTarget.SENT_HEADER + ": " + nowNs));
            }
            out.writeBytes(END_OF_HEAD);
            return out.writeBytes(body);
        } finally {
            body.release();
        }
    }

    private static final byte[] END_OF_HEAD = ascii("\r\n\r\n");
    private static final byte[] PROMPT = ascii("{\"prompt\":");
    private static final byte[] MESSAGES = ascii("{\"messages\":");
    private static final byte[] USER = ascii("{\"messages\":[{\"role\":\"user\",\"content\":");
    private static final byte[] END_OF_USER = ascii("}]");

    private ByteBuf body(LoadRequest request, ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer(ROOM_BYTES + fields.length + sizeOf(request.prompt()));
        switch (request.prompt()) {
            case Prompt.TokenIds(int[] ids) -> {
                out.writeBytes(PROMPT);
                writeIds(out, ids);
            }
            case Prompt.Text(String text) -> {
                out.writeBytes(isChat ? USER : PROMPT);
                out.writeByte('"').writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(text)).writeByte('"');
                if (isChat) {
                    out.writeBytes(END_OF_USER);
                }
            }
            case Prompt.Messages(var messages) -> out.writeBytes(MESSAGES).writeBytes(bytes(messages));
        }
        out.writeByte(',');
        if (request.outputTokens() > 0 && lengthField.length > 0) {
            out.writeBytes(lengthField);
            writeNumber(out, request.outputTokens());
            out.writeByte(',');
        }
        return out.writeBytes(fields);
    }

    private static int sizeOf(Prompt prompt) {
        return switch (prompt) {
            case Prompt.TokenIds(int[] ids) -> ids.length * 6;
            case Prompt.Text(String text) -> text.length();
            case Prompt.Messages _ -> 0;
        };
    }

    private static void writeIds(ByteBuf out, int[] ids) {
        out.writeByte('[');
        for (int i = 0; i < ids.length; i++) {
            if (i > 0) {
                out.writeByte(',');
            }
            writeNumber(out, ids[i]);
        }
        out.writeByte(']');
    }

    /** A natural number in decimal digits. */
    private static void writeNumber(ByteBuf out, int number) {
        long power = 1;
        while (power * 10 <= number) {
            power *= 10;
        }
        for (; power > 0; power /= 10) {
            out.writeByte((int) ('0' + number / power % 10));
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] bytes(JsonNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree could not be written", e);
        }
    }
}
