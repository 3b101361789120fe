package io.penstock.runtime.text;

import java.util.Arrays;

/**
 * The 256 characters that byte-level BPE writes bytes as: printable Latin-1 characters stand for themselves, the other
 * 68 bytes for U+0100 and up, in order.
 */
final class ByteAlphabet {
    private static final int LIMIT = 0x144;
    private static final char[] CHARS = new char[256];
    private static final short[] BYTES = new short[LIMIT];

    static {
        Arrays.fill(BYTES, (short) -1);
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHARS[b] = printable ? (char) b : (char) next++;
            BYTES[CHARS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {
    }

    /** The byte that a character stands for, or -1. */
    static int byteOf(char c) {
        return c < LIMIT ? BYTES[c] : -1;
    }

    static String text(byte[] bytes) {
        char[] chars = new char[bytes.length];
        for (int i = 0; i < chars.length; i++) {
            chars[i] = CHARS[bytes[i] & 0xFF];
        }
        return new String(chars);
    }

    /**
     * Writes the bytes of {@code chars[from..from+length)} to {@code out} at {@code at}.
     *
     * @return the number of bytes written, which is {@code length}, or -1 if a character is not of the alphabet
     */
    static int decode(char[] chars, int from, int length, byte[] out, int at) {
        for (int i = 0; i < length; i++) {
            int b = byteOf(chars[from + i]);
            if (b < 0) {
                return -1;
            }
            out[at + i] = (byte) b;
        }
        return length;
    }
}
