package io.penstock.runtime.text;

/**
 * Turns a stream of token ids into text, each character as soon as its last byte has come. Broken UTF-8 becomes U+FFFD,
 * one for each maximal subpart (Unicode, table 3-7), which {@code java.lang.String} does not do for surrogates.
 * Belongs to one stream; appending allocates nothing beyond what the builder needs.
 */
public final class Detokenizer {
    private static final char REPLACEMENT = '\uFFFD';

    private final Tokenizer tokenizer;
    private final boolean skipSpecial;

    /** The bits so far of a character that is still open, and how many of its bytes are to come. */
    private int codePoint;
    private int numMissing;
    /** What the next byte of the open character may be. */
    private int lowest;
    private int highest;

    /** @param skipSpecial leaves special tokens out; a character continues across them */
    public Detokenizer(Tokenizer tokenizer, boolean skipSpecial) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
    }

    /** Appends the characters that this token completes, often none; an id without a token writes nothing. */
    public void append(int id, StringBuilder out) {
        if (skipSpecial && tokenizer.isSpecial(id)) {
            return;
        }
        for (byte b : tokenizer.bytes(id)) {
            decode(b & 0xFF, out);
        }
    }

    /** Ends the stream: a character that was cut becomes U+FFFD. Ready for the next stream. */
    public void finish(StringBuilder out) {
        if (numMissing > 0) {
            out.append(REPLACEMENT);
        }
        reset();
    }

    /** Forgets the open character. */
    public void reset() {
        numMissing = 0;
        codePoint = 0;
    }

    private void decode(int b, StringBuilder out) {
        if (numMissing > 0) {
            if (b >= lowest && b <= highest) {
                codePoint = codePoint << 6 | b & 0x3F;
                lowest = 0x80;
                highest = 0xBF;
                if (--numMissing == 0) {
                    out.appendCodePoint(codePoint);
                }
                return;
            }
            numMissing = 0;
            out.append(REPLACEMENT);
        }
        if (b < 0x80) {
            out.append((char) b);
        } else if (b < 0xC2 || b > 0xF4) {
            out.append(REPLACEMENT);
        } else {
            open(b);
        }
    }

    private void open(int b) {
        lowest = 0x80;
        highest = 0xBF;
        if (b < 0xE0) {
            numMissing = 1;
            codePoint = b & 0x1F;
        } else if (b < 0xF0) {
            numMissing = 2;
            codePoint = b & 0x0F;
            if (b == 0xE0) {
                lowest = 0xA0;
            } else if (b == 0xED) {
                highest = 0x9F;
            }
        } else {
            numMissing = 3;
            codePoint = b & 0x07;
            if (b == 0xF0) {
                lowest = 0x90;
            } else if (b == 0xF4) {
                highest = 0x8F;
            }
        }
    }
}
