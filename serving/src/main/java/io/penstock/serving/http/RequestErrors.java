package io.penstock.serving.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.penstock.serving.openai.response.ErrorBody;
import java.util.List;

/** What is wrong with requests before anybody looks at their bodies. */
final class RequestErrors {
    static final Refusal CUT_OFF = invalid(400, "the request ends before its body does: send Content-Length bytes");
    static final Refusal TOO_SLOW = invalid(408, "the body did not arrive in time: send it without pauses");
    static final Refusal FULL = new Refusal(503,
            ErrorBody.unavailable("too many bytes of requests are being received: try again later"), null);

    private static final int MAX_CAUSE_CHARS = 120;

    private RequestErrors() {}

    /**
     * An error that is the answer.
     *
     * @param allowed methods that the path has, for status 405; else null
     */
    record Refusal(int status, ErrorBody error, String allowed) {}

    static Refusal invalid(int status, String message) {
        return new Refusal(status, new ErrorBody(message, ErrorBody.INVALID_REQUEST, null, null), null);
    }

    static Refusal tooLarge(long maxBytes) {
        return invalid(413, "the body must have at most " + maxBytes + " bytes");
    }

    /** What Netty could not read. */
    static Refusal undecodable(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return invalid(414, "the request's first line is too long: shorten the path");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return invalid(431, "the request's header is too long: send fewer or shorter fields");
        }
        return invalid(400, "not a valid HTTP request: " + oneLine(cause));
    }

    private static String oneLine(Throwable cause) {
        StringBuilder line = new StringBuilder();
        String message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        for (int i = 0; i < message.length() && i < MAX_CAUSE_CHARS; i++) {
            char c = message.charAt(i);
            line.append(c >= ' ' && c < 0x7F ? c : '?');
        }
        return line.toString();
    }

    /** What the header alone shows; null for a request that may go on. */
    static Refusal of(HttpRequest request) {
        HttpVersion version = request.protocolVersion();
        HttpHeaders headers = request.headers();
        if (version.majorVersion() != 1 || version.minorVersion() > 1) {
            return invalid(505, version + " is not served here: use HTTP/1.1");
        }
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1 || hosts.isEmpty() && version.equals(HttpVersion.HTTP_1_1)) {
            return invalid(400, "the header must name one Host");
        }
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (!codings.isEmpty() && !(codings.size() == 1
                && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.getFirst().strip()))) {
            return invalid(501, "Transfer-Encoding must be chunked and nothing else");
        }
        String encoding = headers.get(HttpHeaderNames.CONTENT_ENCODING);
        if (encoding != null && !HttpHeaderValues.IDENTITY.contentEqualsIgnoreCase(encoding.strip())) {
            return invalid(415, "bodies must not be compressed: leave Content-Encoding out");
        }
        String expect = headers.get(HttpHeaderNames.EXPECT);
        if (expect != null && !HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expect)) {
            return invalid(417, "of Expect only 100-continue is known");
        }
        return null;
    }

    /** The length that the header gives, 0 without one; Netty has refused what is no length. */
    static long contentLength(HttpHeaders headers) {
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        try {
            return length == null ? 0 : Long.parseLong(length.strip());
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }
}
