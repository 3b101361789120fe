package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.WeightFormat;
import io.penstock.kernels.WeightTiles;
import io.penstock.runtime.check.MismatchException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A check's buffers on a device. Inputs end where their allocation ends, so that the emulator sees a read beyond them;
 * outputs lie between guard bytes, which must be intact when the buffers are closed.
 */
final class DeviceBuffers implements AutoCloseable {
    private static final int GUARD_BYTES = 256;
    private static final byte GUARD = (byte) 0xA5;
    private static final byte NOT_A_NUMBER = (byte) 0xFF;

    private final Device device;
    private final Stream stream;
    private final Arena arena = Arena.ofShared();
    private final List<Buffer> buffers = new ArrayList<>();

    /** A buffer; {@code guardBytes} lie before and behind its bytes. */
    record Buffer(DeviceMemory memory, int guardBytes, long sizeBytes) {
        long address() {
            return memory.address() + guardBytes;
        }
    }

    DeviceBuffers(Device device, Stream stream) {
        this.device = device;
        this.stream = stream;
    }

    private Buffer allocate(String name, long sizeBytes, int guardBytes) {
        DeviceMemory memory = device.allocate(name, Math.max(1, sizeBytes + 2L * guardBytes));
        Buffer buffer = new Buffer(memory, guardBytes, sizeBytes);
        buffers.add(buffer);
        if (guardBytes > 0) {
            stream.fill(memory, 0, guardBytes, GUARD);
            stream.fill(memory, guardBytes + sizeBytes, guardBytes, GUARD);
        }
        return buffer;
    }

    Buffer bf16(String name, float[] values) {
        return copied(allocate(name, 2L * values.length, 0), bits(values));
    }

    /** Matrices [matrixRows, k] in a format, one behind the other. */
    DeviceWeight matrices(String name, float[] values, int matrixRows, int k, WeightFormat format) {
        int numRows = values.length / k;
        MemorySegment rows = bits(values);
        MemorySegment host = switch (format) {
            case ROW_MAJOR -> rows;
            case TILES -> tiles(rows, matrixRows, k);
        };
        Buffer buffer = copied(allocate(name, host.byteSize(), 0), host);
        return new DeviceWeight(buffer.address(), numRows, k, Short.BYTES, format, matrixRows);
    }

    private MemorySegment tiles(MemorySegment rows, int matrixRows, int k) {
        long rowBytes = (long) Short.BYTES * k;
        long matrixBytes = WeightFormat.TILES.matrixBytes(matrixRows, k);
        long bandBytes = matrixBytes / WeightTiles.rowTiles(matrixRows);
        long numMatrices = rows.byteSize() / rowBytes / matrixRows;
        MemorySegment tiles = arena.allocate(numMatrices * matrixBytes, 16);
        for (long matrix = 0; matrix < numMatrices; matrix++) {
            for (int band = 0; band < WeightTiles.rowTiles(matrixRows); band++) {
                int there = Math.clamp(matrixRows - band * WeightTiles.SIDE, 0, WeightTiles.SIDE);
                long first = matrix * matrixRows + Math.min(matrixRows, band * WeightTiles.SIDE);
                WeightTiles.writeBand(rows.asSlice(first * rowBytes), there, k, tiles,
                        matrix * matrixBytes + band * bandBytes);
            }
        }
        return tiles;
    }

    Buffer float32(String name, float[] values) {
        MemorySegment host = arena.allocate(4L * values.length, 16);
        MemorySegment.copy(values, 0, host, ValueLayout.JAVA_FLOAT, 0, values.length);
        return copied(allocate(name, 4L * values.length, 0), host);
    }

    Buffer ints(String name, int... values) {
        MemorySegment host = arena.allocate(4L * values.length, 16);
        MemorySegment.copy(values, 0, host, ValueLayout.JAVA_INT, 0, values.length);
        return copied(allocate(name, 4L * values.length, 0), host);
    }

    /** Values that the kernel reads and overwrites. */
    Buffer inOut(String name, float[] values) {
        return copied(allocate(name, 2L * values.length, GUARD_BYTES), bits(values));
    }

    /** Values that the kernel writes; what it leaves out is no number. */
    Buffer output(String name, long sizeBytes) {
        Buffer buffer = allocate(name, sizeBytes, GUARD_BYTES);
        stream.fill(buffer.memory(), GUARD_BYTES, sizeBytes, NOT_A_NUMBER);
        return buffer;
    }

    private Buffer copied(Buffer buffer, MemorySegment host) {
        stream.copyToDevice(buffer.memory(), buffer.guardBytes(), host, 0, buffer.sizeBytes());
        return buffer;
    }

    private MemorySegment bits(float[] values) {
        MemorySegment host = arena.allocate(2L * values.length, 16);
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]);
            if ((bits & 0xFFFF) != 0) {
                throw new IllegalArgumentException("value " + i + " is " + values[i] + ", no bfloat16 value");
            }
            host.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (bits >>> 16));
        }
        return host;
    }

    float[] readBf16(Buffer buffer) {
        return bf16(read(buffer.memory(), buffer.guardBytes(), buffer.sizeBytes()));
    }

    float[] readFloat32(Buffer buffer) {
        return read(buffer.memory(), buffer.guardBytes(), buffer.sizeBytes()).toArray(ValueLayout.JAVA_FLOAT);
    }

    /** A range of any memory as float32 values. */
    float[] readFloat32(DeviceMemory memory, long offsetBytes, int length) {
        return read(memory, offsetBytes, 4L * length).toArray(ValueLayout.JAVA_FLOAT);
    }

    int[] readInts(Buffer buffer) {
        return read(buffer.memory(), buffer.guardBytes(), buffer.sizeBytes()).toArray(ValueLayout.JAVA_INT);
    }

    /** All of a memory as int values. */
    int[] readInts(DeviceMemory memory) {
        return read(memory, 0, memory.sizeBytes()).toArray(ValueLayout.JAVA_INT);
    }

    /** A range of any memory as bfloat16 values. */
    float[] readBf16(DeviceMemory memory, long offsetBytes, int length) {
        return bf16(read(memory, offsetBytes, 2L * length));
    }

    void writeBf16(DeviceMemory memory, long offsetBytes, float[] values) {
        stream.copyToDevice(memory, offsetBytes, bits(values), 0, 2L * values.length);
    }

    void writeInt(DeviceMemory memory, long offsetBytes, int value) {
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, value);
        stream.copyToDevice(memory, offsetBytes, host, 0, Integer.BYTES);
    }

    private MemorySegment read(DeviceMemory memory, long offsetBytes, long sizeBytes) {
        MemorySegment host = arena.allocate(Math.max(1, sizeBytes), 16).asSlice(0, sizeBytes);
        stream.copyToHost(host, 0, memory, offsetBytes, sizeBytes);
        stream.synchronize();
        return host;
    }

    private static float[] bf16(MemorySegment host) {
        float[] values = new float[Math.toIntExact(host.byteSize() / 2)];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(host.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
        }
        return values;
    }

    private void checkGuards() {
        for (Buffer buffer : buffers) {
            if (buffer.guardBytes() == 0) {
                continue;
            }
            long end = buffer.guardBytes() + buffer.sizeBytes();
            for (long guard : new long[] {0, end}) {
                MemorySegment bytes = read(buffer.memory(), guard, buffer.guardBytes());
                for (int i = 0; i < buffer.guardBytes(); i++) {
                    if (bytes.get(ValueLayout.JAVA_BYTE, i) != GUARD) {
                        throw new MismatchException(buffer.memory().name() + ": a byte outside was written, at offset "
                                + (guard + i - buffer.guardBytes()) + " of " + buffer.sizeBytes() + " bytes");
                    }
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            stream.synchronize();
            checkGuards();
        } finally {
            buffers.forEach(buffer -> buffer.memory().close());
            arena.close();
        }
    }
}
