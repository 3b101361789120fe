package io.penstock.runtime.checkpoint;

import java.util.Objects;

/**
 * Uniform random values that depend on the key and the element's index alone, generated when they are read. They are
 * multiples of a step that are never zero, cut to bfloat16 unless the dtype is F32.
 */
final class DummyTensor implements TensorData {
    private static final int SIGNED_VALUES_BITS = 24;

    private final String name;
    private final DType dtype;
    private final long[] shape;
    private final long numElements;
    private final long firstElement;
    private final long key;
    private final float bound;

    /** Values in (-bound, bound), whose standard deviation is bound / sqrt(3). */
    DummyTensor(String name, DType dtype, long[] shape, long key, float bound) {
        this(name, dtype, shape, key, bound, 0);
    }

    private DummyTensor(String name, DType dtype, long[] shape, long key, float bound, long firstElement) {
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
        this.numElements = TensorData.numElements(shape);
        this.firstElement = firstElement;
        this.key = key;
        this.bound = bound;
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
        var bits = new int[Math.min(count, FloatBits.CHUNK)];
        for (int done = 0; done < count; done += bits.length) {
            int n = Math.min(bits.length, count - done);
            generate(firstElement + fromElement + done, into, offset + done, n);
            if (dtype != DType.F32) {
                FloatBits.asBits(into, offset + done, bits, n);
                for (int i = 0; i < n; i++) {
                    bits[i] &= 0xffff_0000;
                }
                FloatBits.asFloats(bits, into, offset + done, n);
            }
        }
    }

    @Override
    public void readBf16(long fromElement, short[] into, int offset, int count) {
        Objects.checkFromIndexSize(fromElement, count, numElements);
        Objects.checkFromIndexSize(offset, count, into.length);
        var floats = new float[Math.min(count, FloatBits.CHUNK)];
        var bits = new int[floats.length];
        for (int done = 0; done < count; done += bits.length) {
            int n = Math.min(bits.length, count - done);
            generate(firstElement + fromElement + done, floats, 0, n);
            FloatBits.asBits(floats, 0, bits, n);
            if (dtype == DType.F32) {
                FloatBits.roundToBf16(bits, into, offset + done, n);
            } else {
                FloatBits.cutToBf16(bits, into, offset + done, n);
            }
        }
    }

    @Override
    public TensorData slice(long fromElement, long... sliceShape) {
        Objects.checkFromIndexSize(fromElement, TensorData.numElements(sliceShape), numElements);
        return new DummyTensor(name, dtype, sliceShape.clone(), key, bound, firstElement + fromElement);
    }

    /** Two rounds of an invertible 32-bit mix, with half of the key before and half of it in between. */
    private void generate(long element, float[] into, int offset, int count) {
        float step = bound / (1 << (SIGNED_VALUES_BITS - 1));
        int before = (int) key + (int) element;
        int between = (int) (key >>> 32) ^ (int) (element >>> 32) * 0x9e37_79b9;
        for (int i = 0; i < count; i++) {
            int x = before + i;
            x ^= x >>> 16;
            x *= 0x7feb_352d;
            x ^= between;
            x ^= x >>> 15;
            x *= 0x846c_a68b;
            x ^= x >>> 16;
            into[offset + i] = ((x >> (32 - SIGNED_VALUES_BITS)) | 1) * step;
        }
    }
}
