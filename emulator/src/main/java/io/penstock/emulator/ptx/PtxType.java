package io.penstock.emulator.ptx;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** A type of a register, a variable or an instruction. */
public enum PtxType {
    PRED(0, 'p'),
    B8(1, 'b'),
    B16(2, 'b'),
    B32(4, 'b'),
    B64(8, 'b'),
    B128(16, 'b'),
    U8(1, 'u'),
    U16(2, 'u'),
    U32(4, 'u'),
    U64(8, 'u'),
    S8(1, 's'),
    S16(2, 's'),
    S32(4, 's'),
    S64(8, 's'),
    U16X2(4, 'u'),
    S16X2(4, 's'),
    U4(1, 'u'),
    S4(1, 's'),
    B1(1, 'b'),
    F16(2, 'f'),
    F16X2(4, 'f'),
    BF16(2, 'f'),
    BF16X2(4, 'f'),
    TF32(4, 'f'),
    F32(4, 'f'),
    F64(8, 'f');

    private static final Map<String, PtxType> BY_NAME = new HashMap<>();

    static {
        for (PtxType type : values()) {
            BY_NAME.put(type.name().toLowerCase(Locale.ROOT), type);
        }
    }

    private final int sizeBytes;
    private final char kind;

    PtxType(int sizeBytes, char kind) {
        this.sizeBytes = sizeBytes;
        this.kind = kind;
    }

    /** The type that a modifier without its dot names, or null. */
    public static PtxType of(String word) {
        return BY_NAME.get(word);
    }

    /** Bytes in memory; 0 for a predicate. */
    public int sizeBytes() {
        return sizeBytes;
    }

    public int bits() {
        return sizeBytes * 8;
    }

    public boolean isSigned() {
        return kind == 's';
    }

    public boolean isFloat() {
        return kind == 'f';
    }

    /** Whether it is a signed, unsigned or untyped integer. */
    public boolean isInteger() {
        return kind == 's' || kind == 'u' || kind == 'b';
    }

    /** Whether a register of it takes 64 bits. */
    public boolean isWide() {
        return sizeBytes == 8;
    }

    /** The name as PTX writes it, without the dot. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
