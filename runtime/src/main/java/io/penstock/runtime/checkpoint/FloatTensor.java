package io.penstock.runtime.checkpoint;

/** A tensor of values in memory, owned by the caller; {@code dtype}, which it is said to be of, holds them exactly. */
public final class FloatTensor implements TensorData {
    private final String name;
    private final DType dtype;
    private final float[] values;
    private final long[] shape;

    /** Over {@code values}, which are not copied. */
    public FloatTensor(String name, DType dtype, float[] values, long... shape) {
        this.name = name;
        this.dtype = dtype;
        this.values = values;
        this.shape = shape;
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
        return values.length;
    }

    @Override
    public void readFloats(long fromElement, float[] into, int offset, int count) {
        System.arraycopy(values, (int) fromElement, into, offset, count);
    }

    @Override
    public void readBf16(long fromElement, short[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            into[offset + i] = (short) (Float.floatToRawIntBits(values[(int) fromElement + i]) >>> 16);
        }
    }

    @Override
    public TensorData slice(long fromElement, long... sliceShape) {
        float[] part = new float[(int) TensorData.numElements(sliceShape)];
        readFloats(fromElement, part, 0, part.length);
        return new FloatTensor(name, dtype, part, sliceShape);
    }
}
