package io.penstock.emulator.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian values in byte arrays, at any offset. */
public final class Bytes {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Bytes() {}

    public static int readShort(byte[] data, int offset) {
        return (short) SHORT.get(data, offset) & 0xFFFF;
    }

    public static int readInt(byte[] data, int offset) {
        return (int) INT.get(data, offset);
    }

    public static long readLong(byte[] data, int offset) {
        return (long) LONG.get(data, offset);
    }

    public static void writeShort(byte[] data, int offset, int value) {
        SHORT.set(data, offset, (short) value);
    }

    public static void writeInt(byte[] data, int offset, int value) {
        INT.set(data, offset, value);
    }

    public static void writeLong(byte[] data, int offset, long value) {
        LONG.set(data, offset, value);
    }

    /** A value of 1, 2, 4 or 8 bytes, zero-extended. */
    public static long read(byte[] data, int offset, int sizeBytes) {
        return switch (sizeBytes) {
            case 1 -> data[offset] & 0xFF;
            case 2 -> readShort(data, offset);
            case 4 -> readInt(data, offset) & 0xFFFF_FFFFL;
            case 8 -> readLong(data, offset);
            default -> throw new IllegalArgumentException(sizeBytes + " bytes");
        };
    }

    /** Writes the low 1, 2, 4 or 8 bytes. */
    public static void write(byte[] data, int offset, int sizeBytes, long value) {
        switch (sizeBytes) {
            case 1 -> data[offset] = (byte) value;
            case 2 -> writeShort(data, offset, (int) value);
            case 4 -> writeInt(data, offset, (int) value);
            case 8 -> writeLong(data, offset, value);
            default -> throw new IllegalArgumentException(sizeBytes + " bytes");
        }
    }
}
