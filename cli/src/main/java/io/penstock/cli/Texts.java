package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Text that a user gives, in UTF-8 and nothing else. */
final class Texts {
    /** No prompt, body or template is larger. */
    static final int MAX_BYTES = 64 << 20;

    private Texts() {}

    static String read(Path file) {
        return decode(StrictJson.readBytes(file, MAX_BYTES), file.toString());
    }

    static String read(InputStream in, String source) {
        try {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InputException(source + " has more than " + MAX_BYTES + " bytes; give less");
            }
            return decode(bytes, source);
        } catch (IOException e) {
            throw new InputException(source + " cannot be read: " + e.getMessage(), e);
        }
    }

    static String decode(byte[] bytes, String source) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length + 1);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new InputException(
                    source + " is not UTF-8 at byte " + in.position() + ": save it as UTF-8 text");
        }
        return out.flip().toString();
    }

    /** Without the one line break that editors and echo put behind a text. */
    static String withoutLastLineBreak(String text) {
        String cut = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        return cut.length() < text.length() && cut.endsWith("\r") ? cut.substring(0, cut.length() - 1) : cut;
    }
}
