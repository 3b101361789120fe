package io.penstock.runtime.cuda;

import io.penstock.kernels.InProjShortConvKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.runtime.checkpoint.DType;
import io.penstock.runtime.checkpoint.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The rows of a weight as the kernels read them, each taken from a checkpoint's tensor. Many threads may read. */
sealed interface WeightRows permits WeightBands, WeightRows.Floats, WeightRows.GateUp, WeightRows.InProj,
        WeightRows.Stacked, WeightRows.Taps {
    int numRows();

    int rowBytes();

    /** Writes rows one behind the other. */
    void read(int firstRow, int numRows, MemorySegment into, long offsetBytes);

    /** A tensor that is not stored as it is kept, or null. */
    TensorData converted();

    /** Matrices or vectors of one width, one below the other. */
    record Stacked(TensorData[] tensors, int columns) implements WeightRows {
        static Stacked of(TensorData... tensors) {
            return new Stacked(tensors, Math.toIntExact(tensors[0].shape()[tensors[0].shape().length - 1]));
        }

        private int rowsOf(int tensor) {
            return Math.toIntExact(tensors[tensor].numElements() / columns);
        }

        @Override
        public int numRows() {
            int rows = 0;
            for (int i = 0; i < tensors.length; i++) {
                rows += rowsOf(i);
            }
            return rows;
        }

        @Override
        public int rowBytes() {
            return columns * Short.BYTES;
        }

        @Override
        public void read(int firstRow, int numRows, MemorySegment into, long offsetBytes) {
            int tensor = 0;
            int row = firstRow;
            while (row >= rowsOf(tensor)) {
                row -= rowsOf(tensor++);
            }
            for (int done = 0; done < numRows; tensor++, row = 0) {
                int n = Math.min(numRows - done, rowsOf(tensor) - row);
                tensors[tensor].readBf16((long) row * columns, into, offsetBytes + (long) done * rowBytes(),
                        n * columns);
                done += n;
            }
        }

        @Override
        public TensorData converted() {
            return firstConverted(tensors);
        }
    }

    /** Pairs of gate and up matrices [width, columns]: eight rows of gate, eight of up, in turn; pair after pair. */
    record GateUp(TensorData[] gates, TensorData[] ups, int width, int columns) implements WeightRows {
        private static final int GROUP = LinearKernel.GATE_UP_ROWS;

        static GateUp of(TensorData[] gates, TensorData[] ups) {
            int width = Math.toIntExact(gates[0].shape()[0]);
            if (width % GROUP != 0) {
                throw new IllegalArgumentException(
                        gates[0].name() + " of " + width + " rows: the kernels take multiples of " + GROUP);
            }
            return new GateUp(gates, ups, width, Math.toIntExact(gates[0].shape()[1]));
        }

        @Override
        public int numRows() {
            return gates.length * 2 * width;
        }

        @Override
        public int rowBytes() {
            return columns * Short.BYTES;
        }

        @Override
        public void read(int firstRow, int numRows, MemorySegment into, long offsetBytes) {
            for (int done = 0; done < numRows;) {
                int row = firstRow + done;
                int pair = row / (2 * width);
                int inPair = row % (2 * width);
                int inGroup = inPair % (2 * GROUP);
                TensorData source = inGroup < GROUP ? gates[pair] : ups[pair];
                int n = Math.min(numRows - done, GROUP - inGroup % GROUP);
                long sourceRow = (long) inPair / (2 * GROUP) * GROUP + inGroup % GROUP;
                source.readBf16(sourceRow * columns, into, offsetBytes + (long) done * rowBytes(), n * columns);
                done += n;
            }
        }

        @Override
        public TensorData converted() {
            TensorData gate = firstConverted(gates);
            return gate != null ? gate : firstConverted(ups);
        }
    }

    /** A projection of B, C and x [3 hidden, columns]: 16 rows of B, 16 of C, 16 of x, in turn. */
    record InProj(TensorData matrix, int hidden, int columns) implements WeightRows {
        private static final int GROUP = InProjShortConvKernel.PART_ROWS;

        static InProj of(TensorData matrix) {
            int hidden = Math.toIntExact(matrix.shape()[0] / 3);
            if (hidden % GROUP != 0) {
                throw new IllegalArgumentException(
                        matrix.name() + " of 3 x " + hidden + " rows: the kernels take multiples of " + GROUP);
            }
            return new InProj(matrix, hidden, Math.toIntExact(matrix.shape()[1]));
        }

        @Override
        public int numRows() {
            return 3 * hidden;
        }

        @Override
        public int rowBytes() {
            return columns * Short.BYTES;
        }

        @Override
        public void read(int firstRow, int numRows, MemorySegment into, long offsetBytes) {
            for (int done = 0; done < numRows;) {
                int row = firstRow + done;
                int part = row / GROUP % 3;
                int channel = row / (3 * GROUP) * GROUP + row % GROUP;
                int n = Math.min(numRows - done, GROUP - row % GROUP);
                matrix.readBf16(((long) part * hidden + channel) * columns, into,
                        offsetBytes + (long) done * rowBytes(), n * columns);
                done += n;
            }
        }

        @Override
        public TensorData converted() {
            return firstConverted(matrix);
        }
    }

    /** Convolution taps [hidden, 1, taps] as [taps, hidden]. */
    record Taps(TensorData taps) implements WeightRows {
        @Override
        public int numRows() {
            return Math.toIntExact(taps.numElements() / taps.shape()[0]);
        }

        @Override
        public int rowBytes() {
            return Math.toIntExact(taps.shape()[0] * Short.BYTES);
        }

        @Override
        public void read(int firstRow, int numRows, MemorySegment into, long offsetBytes) {
            short[] byChannel = taps.toBf16();
            int numTaps = numRows();
            int hidden = byChannel.length / numTaps;
            for (int row = 0; row < numRows; row++) {
                for (int c = 0; c < hidden; c++) {
                    into.set(ValueLayout.JAVA_SHORT_UNALIGNED, offsetBytes + ((long) row * hidden + c) * Short.BYTES,
                            byChannel[c * numTaps + firstRow + row]);
                }
            }
        }

        @Override
        public TensorData converted() {
            return firstConverted(taps);
        }
    }

    /** A vector in float32. */
    record Floats(TensorData vector) implements WeightRows {
        @Override
        public int numRows() {
            return 1;
        }

        @Override
        public int rowBytes() {
            return Math.toIntExact(vector.numElements() * Float.BYTES);
        }

        @Override
        public void read(int firstRow, int numRows, MemorySegment into, long offsetBytes) {
            float[] values = vector.toFloats();
            MemorySegment.copy(
                    values, 0, into, ValueLayout.JAVA_FLOAT_UNALIGNED, offsetBytes, numRows * values.length);
        }

        @Override
        public TensorData converted() {
            return null;
        }
    }

    private static TensorData firstConverted(TensorData... tensors) {
        for (TensorData tensor : tensors) {
            if (tensor.dtype() != DType.BF16) {
                return tensor;
            }
        }
        return null;
    }
}
