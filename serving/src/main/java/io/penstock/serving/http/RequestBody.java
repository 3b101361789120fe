package io.penstock.serving.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** The body of the request that a connection receives, within the bounds of one request and of all together. */
final class RequestBody {
    private static final int FIRST_BYTES = 1024;
    private static final byte[] EMPTY = {};

    private final HttpService service;
    private byte[] bytes = EMPTY;
    private int length;

    RequestBody(HttpService service) {
        this.service = service;
    }

    /** The most that may come, for a client that announces more. */
    int maxBytes() {
        return service.limits().maxRequestBytes();
    }

    /** Takes the next part; null if it fits, else what to tell the client. */
    RequestErrors.Refusal add(ByteBuf part) {
        int added = part.readableBytes();
        if (added == 0) {
            return null;
        }
        if (added > service.limits().maxRequestBytes() - length) {
            return RequestErrors.tooLarge(service.limits().maxRequestBytes());
        }
        if (!service.reserve(added)) {
            return RequestErrors.FULL;
        }
        if (length + added > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(FIRST_BYTES, Math.max(length + added, 2 * length)));
        }
        part.readBytes(bytes, length, added);
        length += added;
        return null;
    }

    /** The whole body; it counts as received until {@link #release}. */
    byte[] take() {
        byte[] whole = length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
        bytes = EMPTY;
        return whole;
    }

    void release() {
        service.unreserve(length);
        bytes = EMPTY;
        length = 0;
    }
}
