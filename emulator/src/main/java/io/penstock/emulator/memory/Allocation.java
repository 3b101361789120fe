package io.penstock.emulator.memory;

import java.util.Arrays;

/**
 * A range of bytes with a name, and what is known of each byte. {@link AddressSpace} owns those in global memory, a
 * thread block its shared and local memory.
 */
public final class Allocation {
    /** Never written since the allocation. */
    public static final byte UNWRITTEN = 0;

    /** Written. */
    public static final byte WRITTEN = 1;

    /** Written with what was computed from bytes or registers that nobody had written. */
    public static final byte SPOILED = 2;

    /** Destination of an asynchronous copy that is under way. */
    public static final byte IN_FLIGHT = 3;

    /** Written with a copy of a register or byte that nobody had written. */
    public static final byte COPIED = 4;

    /** Between two variables: nobody may touch it. */
    public static final byte GAP = 5;

    /** Written but for some bits, as when a bit field of memory that nobody had written is set. */
    public static final byte PARTIAL = 6;

    /** Holds a barrier, which only its own instructions may touch. */
    public static final byte BARRIER = 7;

    /** Not in the shared memory of a block. */
    public static final int NO_BLOCK = -1;

    private static final int SLACK = 16;

    private final String name;
    private final long address;
    private final int sizeBytes;
    private byte[] data;
    private byte[] states;
    private byte[] openBits;
    private AccessLog accesses;
    private StreamLog streams;
    private boolean isConstant;
    private int block = NO_BLOCK;

    public Allocation(String name, long address, int sizeBytes) {
        this.name = name;
        this.address = address;
        this.sizeBytes = sizeBytes;
        this.data = new byte[sizeBytes + SLACK];
        this.states = new byte[sizeBytes + SLACK];
    }

    public String name() {
        return name;
    }

    /** Of the first byte. */
    public long address() {
        return address;
    }

    public int sizeBytes() {
        return sizeBytes;
    }

    /** The bytes, and a few more that nobody sees. */
    public byte[] data() {
        return data;
    }

    /** One of the constants above for each byte. */
    public byte[] states() {
        return states;
    }

    /** Who touched what; made when first asked for. */
    public AccessLog accesses() {
        if (accesses == null) {
            accesses = new AccessLog(sizeBytes);
        }
        return accesses;
    }

    /** What streams do to it at the same time; made when first asked for. */
    public StreamLog streams() {
        if (streams == null) {
            streams = new StreamLog(sizeBytes);
        }
        return streams;
    }

    /** No kernel writes it: it is a {@code .const} variable, and reads of it go through a cache of their own. */
    public void makeConstant() {
        isConstant = true;
    }

    public boolean isConstant() {
        return isConstant;
    }

    /** It is the shared memory of a block from now on. */
    public void ofBlock(int cta) {
        block = cta;
    }

    /** The block whose shared memory it is, or {@link #NO_BLOCK}. */
    public int block() {
        return block;
    }

    public boolean isShared() {
        return block != NO_BLOCK;
    }

    /** Forgets who touched what. */
    public void forgetAccesses() {
        accesses = null;
    }

    /** The log if there is one, or null. */
    public AccessLog accessesIfAny() {
        return accesses;
    }

    public boolean isFreed() {
        return data == null;
    }

    void free() {
        data = null;
        states = null;
        openBits = null;
        accesses = null;
        streams = null;
    }

    public void fillStates(int offset, int numBytes, byte state) {
        Arrays.fill(states, offset, offset + numBytes, state);
    }

    /** Which bits of a byte nobody wrote; of a byte under way none are known. */
    public int undefinedBits(int offset) {
        return switch (states[offset]) {
            case UNWRITTEN, SPOILED, COPIED -> 0xFF;
            case PARTIAL -> openBits[offset] & 0xFF;
            default -> 0;
        };
    }

    /** A byte was written with a value of which some bits are undefined: copied, or computed from such. */
    public void setUndefined(int offset, int bits, boolean isSpoiled) {
        if (isSpoiled || bits == 0xFF) {
            states[offset] = isSpoiled ? SPOILED : COPIED;
            return;
        }
        if (openBits == null) {
            openBits = new byte[states.length];
        }
        openBits[offset] = (byte) bits;
        states[offset] = PARTIAL;
    }

    /** Copies bytes, and what is known of them. */
    public void copyFrom(Allocation source, int from, int to, int numBytes) {
        System.arraycopy(source.data, from, data, to, numBytes);
        System.arraycopy(source.states, from, states, to, numBytes);
        if (source.openBits != null) {
            openBits = openBits == null ? new byte[states.length] : openBits;
            System.arraycopy(source.openBits, from, openBits, to, numBytes);
        }
    }

    /** Whether all of 1, 2, 4, 8 or 16 bytes are written. */
    public boolean isWritten(int offset, int numBytes) {
        return switch (numBytes) {
            case 1 -> states[offset] == WRITTEN;
            case 2 -> Bytes.readShort(states, offset) == 0x0101;
            case 4 -> Bytes.readInt(states, offset) == 0x0101_0101;
            case 8 -> Bytes.readLong(states, offset) == 0x0101_0101_0101_0101L;
            case 16 -> (Bytes.readLong(states, offset) & Bytes.readLong(states, offset + 8)) == 0x0101_0101_0101_0101L
                    && (Bytes.readLong(states, offset) | Bytes.readLong(states, offset + 8)) == 0x0101_0101_0101_0101L;
            default -> areWritten(offset, numBytes);
        };
    }

    private boolean areWritten(int offset, int numBytes) {
        for (int i = offset; i < offset + numBytes; i++) {
            if (states[i] != WRITTEN) {
                return false;
            }
        }
        return true;
    }

    /** Marks 1, 2, 4, 8 or 16 bytes as written. */
    public void setWritten(int offset, int numBytes) {
        switch (numBytes) {
            case 1 -> states[offset] = WRITTEN;
            case 2 -> Bytes.writeShort(states, offset, 0x0101);
            case 4 -> Bytes.writeInt(states, offset, 0x0101_0101);
            case 8 -> Bytes.writeLong(states, offset, 0x0101_0101_0101_0101L);
            case 16 -> {
                Bytes.writeLong(states, offset, 0x0101_0101_0101_0101L);
                Bytes.writeLong(states, offset + 8, 0x0101_0101_0101_0101L);
            }
            default -> fillStates(offset, numBytes, WRITTEN);
        }
    }

    /** Whether one of some bytes has a state. */
    public boolean has(int offset, int numBytes, byte state) {
        for (int i = offset; i < offset + numBytes; i++) {
            if (states[i] == state) {
                return true;
            }
        }
        return false;
    }
}
