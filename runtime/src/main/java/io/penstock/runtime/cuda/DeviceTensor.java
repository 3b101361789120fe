package io.penstock.runtime.cuda;

import io.penstock.runtime.model.Tensor;

/** Activations on a device, row after row: bfloat16, or float32 where the operation says so. Owns no memory. */
final class DeviceTensor implements Tensor {
    private final long address;
    private final int maxRows;
    private final int columns;
    private int firstRow;
    private int rows;

    /** At an address that is a multiple of 16. */
    DeviceTensor(long address, int maxRows, int columns) {
        this.address = address;
        this.maxRows = maxRows;
        this.columns = columns;
    }

    /** Of the first row in use. */
    long address() {
        return address + (long) Short.BYTES * columns * firstRow;
    }

    /** Of a bfloat16 tensor only the rows from here on are used from here on. */
    void startAt(int row) {
        firstRow = row;
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
        assert rows >= 0 && firstRow + rows <= maxRows : rows + " rows from " + firstRow + " of " + maxRows;
        this.rows = rows;
    }
}
