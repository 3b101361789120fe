package io.penstock.runtime.cpu;

import io.penstock.runtime.model.Tensor;

/** Activations as float32 values in a heap array, row after row. */
public final class CpuTensor implements Tensor {
    private final float[] values;
    private final int columns;
    private int rows;

    CpuTensor(int maxRows, int columns) {
        this.values = new float[Math.multiplyExact(maxRows, columns)];
        this.columns = columns;
    }

    /** The values [rows, columns]; owned by this tensor. */
    public float[] values() {
        return values;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public void useRows(int rows) {
        assert rows >= 0 && (long) rows * columns <= values.length : rows + " rows of " + columns;
        this.rows = rows;
    }
}
