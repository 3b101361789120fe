package io.penstock.serving.grammar;

/** A set of byte values, as 256 bits. */
record ByteSet(long bits0, long bits1, long bits2, long bits3) {
    static final ByteSet NONE = new ByteSet(0, 0, 0, 0);

    static ByteSet of(int value) {
        return range(value, value);
    }

    /** From and to, both inclusive. */
    static ByteSet range(int from, int to) {
        return new ByteSet(word(from, to, 0), word(from, to, 64), word(from, to, 128), word(from, to, 192));
    }

    private static long word(int from, int to, int base) {
        int first = Math.max(from - base, 0);
        int last = Math.min(to - base, 63);
        return first > last ? 0 : -1L >>> 63 - last & -1L << first;
    }

    ByteSet or(ByteSet other) {
        return new ByteSet(bits0 | other.bits0, bits1 | other.bits1, bits2 | other.bits2, bits3 | other.bits3);
    }

    boolean contains(int value) {
        long word = switch (value >>> 6) {
            case 0 -> bits0;
            case 1 -> bits1;
            case 2 -> bits2;
            default -> bits3;
        };
        return (word >>> value & 1) != 0;
    }
}
