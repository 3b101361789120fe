package io.penstock.runtime.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/** A tensor in a mapped file. The data may begin at any byte. */
final class MappedTensor implements TensorData {
    private static final ValueLayout.OfShort SHORT_LE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT_LE =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT_LE =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String name;
    private final DType dtype;
    private final long[] shape;
    private final long numElements;
    private final MemorySegment data;

    MappedTensor(String name, DType dtype, long[] shape, MemorySegment data) {
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
        this.numElements = TensorData.numElements(shape);
        this.data = data;
        if (data.byteSize() != numElements * dtype.bytes()) {
            throw new IllegalArgumentException(
                    name + ": " + data.byteSize() + " bytes for " + numElements + " " + dtype);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public long numElements() {
        return numElements;
    }

    @Override
    public void readFloats(long fromElement, float[] into, int offset, int count) {
        Objects.checkFromIndexSize(fromElement, count, numElements);
        Objects.checkFromIndexSize(offset, count, into.length);
        if (dtype == DType.F32) {
            MemorySegment.copy(data, FLOAT_LE, fromElement * Float.BYTES, into, offset, count);
            return;
        }
        var bits = new short[Math.min(count, FloatBits.CHUNK)];
        var scratch = new int[bits.length];
        for (int done = 0; done < count; done += bits.length) {
            int n = Math.min(bits.length, count - done);
            MemorySegment.copy(data, SHORT_LE, (fromElement + done) * Short.BYTES, bits, 0, n);
            if (dtype == DType.BF16) {
                FloatBits.widenBf16(bits, scratch, into, offset + done, n);
            } else {
                FloatBits.widenF16(bits, into, offset + done, n);
            }
        }
    }

    @Override
    public void readBf16(long fromElement, short[] into, int offset, int count) {
        Objects.checkFromIndexSize(fromElement, count, numElements);
        Objects.checkFromIndexSize(offset, count, into.length);
        switch (dtype) {
            case BF16 -> MemorySegment.copy(data, SHORT_LE, fromElement * Short.BYTES, into, offset, count);
            case F16 -> {
                var floats = new float[Math.min(count, FloatBits.CHUNK)];
                var bits = new int[floats.length];
                for (int done = 0; done < count; done += bits.length) {
                    int n = Math.min(bits.length, count - done);
                    readFloats(fromElement + done, floats, 0, n);
                    FloatBits.asBits(floats, 0, bits, n);
                    FloatBits.roundToBf16(bits, into, offset + done, n);
                }
            }
            case F32 -> {
                var bits = new int[Math.min(count, FloatBits.CHUNK)];
                for (int done = 0; done < count; done += bits.length) {
                    int n = Math.min(bits.length, count - done);
                    MemorySegment.copy(data, INT_LE, (fromElement + done) * Integer.BYTES, bits, 0, n);
                    FloatBits.roundToBf16(bits, into, offset + done, n);
                }
            }
        }
    }

    @Override
    public void readBf16(long fromElement, MemorySegment into, long offsetBytes, int count) {
        if (dtype == DType.BF16 && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
            Objects.checkFromIndexSize(fromElement, count, numElements);
            MemorySegment.copy(data, fromElement * Short.BYTES, into, offsetBytes, (long) count * Short.BYTES);
        } else {
            TensorData.super.readBf16(fromElement, into, offsetBytes, count);
        }
    }

    @Override
    public TensorData slice(long fromElement, long... sliceShape) {
        long elements = TensorData.numElements(sliceShape);
        Objects.checkFromIndexSize(fromElement, elements, numElements);
        var part = data.asSlice(fromElement * dtype.bytes(), elements * dtype.bytes());
        return new MappedTensor(name, dtype, sliceShape.clone(), part);
    }

    @Override
    public String toString() {
        return name + " " + dtype + " " + Arrays.toString(shape);
    }
}
