package io.penstock.runtime.cuda;

import io.penstock.kernels.WeightFormat;
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
    private final WeightFormat format;
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

    /** @param format of the matrices that have kernels for several */
    WeightLayout(long address, WeightFormat format) {
        this.address = address;
        this.format = format;
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

    /** Matrices of so many rows each, of which only the last may need padding. */
    private Weight matrices(WeightRows rows, int matrixRows) {
        int numRows = paddedRows(rows.numRows());
        int columns = rows.rowBytes() / Short.BYTES;
        long at = switch (format) {
            case ROW_MAJOR -> place(rows, numRows);
            case TILES -> {
                WeightBands bands = new WeightBands(rows, Math.min(matrixRows, rows.numRows()));
                yield place(bands, bands.numRows());
            }
        };
        return new DeviceWeight(at, numRows, columns, Short.BYTES, format, matrixRows);
    }

    @Override
    public Weight matrix(TensorData... parts) {
        WeightRows rows = WeightRows.Stacked.of(parts);
        return matrices(rows, paddedRows(rows.numRows()));
    }

    @Override
    public Weight router(TensorData gate) {
        return bf16(WeightRows.Stacked.of(gate));
    }

    @Override
    public Weight gateUp(TensorData gate, TensorData up) {
        WeightRows rows = WeightRows.GateUp.of(new TensorData[] {gate}, new TensorData[] {up});
        return matrices(rows, rows.numRows());
    }

    @Override
    public Weight inProj(TensorData matrix) {
        WeightRows rows = WeightRows.InProj.of(matrix);
        return matrices(rows, rows.numRows());
    }

    @Override
    public Weight experts(TensorData[] matrices) {
        WeightRows rows = WeightRows.Stacked.of(matrices);
        return matrices(rows, rows.numRows() / matrices.length);
    }

    @Override
    public Weight expertsGateUp(TensorData[] gates, TensorData[] ups) {
        WeightRows rows = WeightRows.GateUp.of(gates, ups);
        return matrices(rows, rows.numRows() / gates.length);
    }

    @Override
    public Weight vector(TensorData vector) {
        return bf16(WeightRows.Stacked.of(vector));
    }

    @Override
    public Weight bias(TensorData vector) {
        WeightRows rows = new WeightRows.Floats(vector);
        return new DeviceWeight(
                place(rows, 1), 1, rows.rowBytes() / Float.BYTES, Float.BYTES, WeightFormat.ROW_MAJOR, 1);
    }

    @Override
    public Weight conv(TensorData taps) {
        return bf16(new WeightRows.Taps(taps));
    }
}
