package io.penstock.runtime.checkpoint;

import java.util.Arrays;
import java.util.Objects;

/** One value everywhere, exact in bfloat16. */
record ConstantTensor(String name, DType dtype, long[] shape, float value) implements TensorData {

    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public long numElements() {
        return TensorData.numElements(shape);
    }

    @Override
    public void readFloats(long fromElement, float[] into, int offset, int count) {
        Objects.checkFromIndexSize(fromElement, count, numElements());
        Arrays.fill(into, offset, offset + count, value);
    }

    @Override
    public void readBf16(long fromElement, short[] into, int offset, int count) {
        Objects.checkFromIndexSize(fromElement, count, numElements());
        Arrays.fill(into, offset, offset + count, FloatBits.toBf16(Float.floatToRawIntBits(value)));
    }

    @Override
    public TensorData slice(long fromElement, long... sliceShape) {
        Objects.checkFromIndexSize(fromElement, TensorData.numElements(sliceShape), numElements());
        return new ConstantTensor(name, dtype, sliceShape.clone(), value);
    }
}
