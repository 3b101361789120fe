package io.penstock.runtime.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A tensor that can be read, row-major. Owned by the {@link ModelTensors} or {@link SafetensorsFile} that gave it and
 * readable until that is closed. Many threads may read at once. Elements outside of the tensor are an
 * {@link IndexOutOfBoundsException}.
 */
public interface TensorData {
    /** The name on disk; of a slice, that of the whole. */
    String name();

    DType dtype();

    long[] shape();

    long numElements();

    /** Reads elements as float32, exactly. */
    void readFloats(long fromElement, float[] into, int offset, int count);

    /** Reads elements as bfloat16 bits, rounded to nearest even; NaN stays NaN. */
    void readBf16(long fromElement, short[] into, int offset, int count);

    /** Reads elements as bfloat16 bits into memory at {@code offsetBytes}, in the machine's byte order. */
    default void readBf16(long fromElement, MemorySegment into, long offsetBytes, int count) {
        var bits = new short[Math.min(count, FloatBits.CHUNK)];
        for (int done = 0; done < count; done += bits.length) {
            int n = Math.min(bits.length, count - done);
            readBf16(fromElement + done, bits, 0, n);
            MemorySegment.copy(bits, 0, into, ValueLayout.JAVA_SHORT_UNALIGNED,
                    offsetBytes + (long) done * Short.BYTES, n);
        }
    }

    /** The {@code shape} that begins at an element, such as one expert of a fused tensor; nothing is copied. */
    TensorData slice(long fromElement, long... shape);

    /** All elements as float32, for tensors that an array can hold. */
    default float[] toFloats() {
        var floats = new float[Math.toIntExact(numElements())];
        readFloats(0, floats, 0, floats.length);
        return floats;
    }

    /** All elements as bfloat16 bits, for tensors that an array can hold. */
    default short[] toBf16() {
        var bits = new short[Math.toIntExact(numElements())];
        readBf16(0, bits, 0, bits.length);
        return bits;
    }

    /** Product of the sizes; {@link ArithmeticException} beyond 2^63. */
    static long numElements(long... shape) {
        long elements = 1;
        for (long size : shape) {
            elements = Math.multiplyExact(elements, size);
        }
        return elements;
    }
}
