package io.penstock.runtime.cuda;

import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.model.Weight;
import io.penstock.runtime.model.WeightFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives each weight its place in one arena, and remembers from which tensors it is to be filled. Laid out twice: at
 * address 0 to learn the arena's size, then at its address.
 */
final class WeightLayout implements WeightFactory {
    private static final int ALIGNMENT_BYTES = 256;

    /** Rows of a matrix come in multiples of it; a vocabulary, for one, is of any size. */
    private static final int ROW_MULTIPLE = 8;

    private final long address;
    private final List<Part> parts = new ArrayList<>();
    private long sizeBytes;

    /**
     * Rows that lie one behind the other from {@code offsetBytes} of the arena on.
     *
     * @param paddingBytes of zeros behind them
     */
    record Part(long offsetBytes, WeightRows rows, long paddingBytes) {
        long sizeBytes() {
            return (long) rows.numRows() * rows.rowBytes();
        }
    }

    WeightLayout(long address) {
        this.address = address;
    }

    /** What all weights so far take, padding included. */
    long sizeBytes() {
        return sizeBytes;
    }

    List<Part> parts() {
        return parts;
    }

    /** Rows in use of a matrix of any number of rows. */
    static int paddedRows(int numRows) {
        return Math.ceilDiv(numRows, ROW_MULTIPLE) * ROW_MULTIPLE;
    }

    private long place(WeightRows rows, int numRows) {
        long offset = sizeBytes;
        Part part = new Part(offset, rows, (long) (numRows - rows.numRows()) * rows.rowBytes());
        parts.add(part);
        long end = offset + part.sizeBytes() + part.paddingBytes();
        sizeBytes = Math.ceilDiv(end, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
        return address + offset;
    }

    private Weight bf16(WeightRows rows) {
        return new DeviceWeight(
                place(rows, rows.numRows()), rows.numRows(), rows.rowBytes() / Short.BYTES);
    }

    @Override
    public Weight matrix(TensorData... parts) {
        WeightRows rows = WeightRows.Stacked.of(parts);
        int numRows = paddedRows(rows.numRows());
        return new DeviceWeight(place(rows, numRows), numRows, rows.rowBytes() / Short.BYTES);
    }

    @Override
    public Weight gateUp(TensorData gate, TensorData up) {
        return bf16(WeightRows.GateUp.of(new TensorData[] {gate}, new TensorData[] {up}));
    }

    @Override
    public Weight inProj(TensorData matrix) {
        return bf16(WeightRows.InProj.of(matrix));
    }

    @Override
    public Weight experts(TensorData[] matrices) {
        return bf16(WeightRows.Stacked.of(matrices));
    }

    @Override
    public Weight expertsGateUp(TensorData[] gates, TensorData[] ups) {
        return bf16(WeightRows.GateUp.of(gates, ups));
    }

    @Override
    public Weight vector(TensorData vector) {
        return bf16(WeightRows.Stacked.of(vector));
    }

    @Override
    public Weight bias(TensorData vector) {
        WeightRows rows = new WeightRows.Floats(vector);
        return new DeviceWeight(place(rows, 1), 1, rows.rowBytes() / Float.BYTES, Float.BYTES);
    }

    @Override
    public Weight conv(TensorData taps) {
        return bf16(new WeightRows.Taps(taps));
    }
}
