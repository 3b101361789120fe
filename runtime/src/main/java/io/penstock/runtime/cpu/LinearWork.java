package io.penstock.runtime.cpu;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A matrix product cut into blocks of rows and groups of weight panels; plain, or grouped by expert. Fields are set
 * before each run, so that a step allocates nothing.
 */
final class LinearWork implements WorkerPool.Work {
    /** What is done to a finished tile on its way out. */
    enum Epilogue {
        /** Store as float32. */
        KEEP,
        /** Store as the arithmetic does. */
        STORE,
        /** {@code silu(low half) * high half}, then as {@link #STORE}. */
        SILU_AND_MUL,
        /** Times the pair's routing weight, then as {@link #STORE}. */
        SCALE
    }

    /** Weight bytes of an item: enough to pay for handing it out, little enough to share evenly. */
    private static final int ITEM_BYTES = 128 * 1024;

    /** Multiply-adds of an item of many rows, for the same two reasons. */
    private static final int ITEM_MACS = 2 * 1024 * 1024;

    /** A product of fewer weight bytes and multiply-adds than these is done before another thread has begun. */
    private static final long MIN_SHARED_BYTES = 1024 * 1024;

    private static final long MIN_SHARED_MACS = 1024 * 1024;

    /** The most rows of a block. */
    private static final int BLOCK_ROWS = 64;

    /** Floats of a block's packed rows: they and a panel stay in a core's second cache. */
    private static final int PACKED_FLOATS = 128 * 1024;

    /** Up to so many rows are multiplied where they lie. */
    private static final int MAX_UNPACKED_ROWS = 4;

    /** Where the rows of a tile start. */
    private static final int[] TILE_STARTS =
            IntStream.range(0, PanelKernel.MAX_ROWS).map(row -> row * PackedMatrix.PANEL_ROWS).toArray();

    private final WorkerPool pool;
    private final PanelKernel kernel;
    private final RowKernel rowKernel;
    private final boolean isRounding;
    private final Scratch[] scratch;
    private PackedMatrix matrix;
    private PackedMatrix[] experts;
    private CpuRouting routing;
    private CpuTensor x;
    private CpuTensor out;
    private Epilogue epilogue;
    private int panelsPerItem;
    private int itemsPerBlock;
    private int rowsPerBlock;
    private int blocksPerMatrix;
    private int pairsPerRow;

    LinearWork(WorkerPool pool, CpuKernels kernels, Arithmetic arithmetic) {
        this.pool = pool;
        kernel = kernels.panel();
        rowKernel = kernels.row();
        isRounding = arithmetic == Arithmetic.BFLOAT16;
        scratch = new Scratch[pool.numWorkers()];
        Arrays.setAll(scratch, worker -> new Scratch());
    }

    /** A worker's block of rows: where they come from, where they go, and their values in the kernel's order. */
    private static final class Scratch {
        private static final int NONE = -1;

        final float[] tile = new float[PanelKernel.TILE_FLOATS];
        final float[] exponentials = new float[PackedMatrix.HALF];
        final float[] packed = new float[PACKED_FLOATS];
        final int[] rowOffsets = new int[BLOCK_ROWS];
        final int[] outRows = new int[BLOCK_ROWS];
        final int[] outStarts = new int[BLOCK_ROWS];
        int block = NONE;
    }

    /** {@code out = epilogue(x matrixᵀ)}, all rows of {@code x}. */
    void run(CpuTensor out, CpuTensor x, PackedMatrix matrix, Epilogue epilogue) {
        this.matrix = matrix;
        this.routing = null;
        start(out, x, matrix, epilogue, 1, x.rows(), x.rows());
    }

    /**
     * {@code out[pair] = epilogue(x[pair / pairsPerRow] experts[expert of pair]ᵀ)}.
     *
     * @param pairsPerRow expertsPerToken if {@code x} has a row a token, 1 if it has a row a pair
     */
    void runGrouped(CpuTensor out, CpuTensor x, PackedMatrix[] experts, CpuRouting routing, int pairsPerRow,
            Epilogue epilogue) {
        this.experts = experts;
        this.routing = routing;
        this.pairsPerRow = pairsPerRow;
        int most = 0;
        for (int e = 0; e < experts.length; e++) {
            most = Math.max(most, routing.offset(e + 1) - routing.offset(e));
        }
        start(out, x, experts[0], epilogue, experts.length, most, routing.numPairs());
    }

    private void start(CpuTensor out, CpuTensor x, PackedMatrix shape, Epilogue epilogue, int numMatrices,
            int mostRows, int numRows) {
        assert x.columns() == shape.columns() : x.columns() + " input columns, weight has " + shape.columns();
        this.out = out;
        this.x = x;
        this.epilogue = epilogue;
        int columns = shape.columns();
        rowsPerBlock = Math.clamp(PACKED_FLOATS / columns & -PanelKernel.MAX_ROWS, PanelKernel.MAX_ROWS, BLOCK_ROWS);
        blocksPerMatrix = (mostRows + rowsPerBlock - 1) / rowsPerBlock;
        int panelMacs = Math.min(mostRows, rowsPerBlock) * columns * PackedMatrix.PANEL_ROWS;
        panelsPerItem = Math.max(1, Math.min(ITEM_BYTES / (columns * 2 * PackedMatrix.PANEL_ROWS),
                ITEM_MACS / Math.max(1, panelMacs)));
        itemsPerBlock = (shape.numPanels() + panelsPerItem - 1) / panelsPerItem;
        for (Scratch each : scratch) {
            each.block = Scratch.NONE;
        }
        int numItems = numMatrices * blocksPerMatrix * itemsPerBlock;
        long readBytes = Math.min(numMatrices, numRows) * shape.sizeBytes();
        long macs = (long) numRows * columns * shape.rows();
        if (readBytes < MIN_SHARED_BYTES && macs < MIN_SHARED_MACS) {
            pool.runAlone(this, numItems);
        } else {
            pool.run(this, numItems);
        }
    }

    @Override
    public void run(int item, int worker) {
        int block = item / itemsPerBlock;
        int expert = block / blocksPerMatrix;
        int first = routing == null ? 0 : routing.offset(expert);
        int end = routing == null ? x.rows() : routing.offset(expert + 1);
        first += block % blocksPerMatrix * rowsPerBlock;
        int numRows = Math.min(end - first, rowsPerBlock);
        if (numRows <= 0) {
            return;
        }
        Scratch s = scratch[worker];
        if (s.block != block) {
            prepare(s, first, numRows);
            s.block = block;
        }
        PackedMatrix weights = routing == null ? matrix : experts[expert];
        int panel = item % itemsPerBlock * panelsPerItem;
        int endPanel = Math.min(panel + panelsPerItem, weights.numPanels());
        if (numRows == 1 && !weights.isFloat32()) {
            for (; panel + 1 < endPanel; panel += 2) {
                kernel.multiplyTwoPanels(weights, panel, x.values(), s.rowOffsets[0], s.tile);
                store(s, 0, panel, 0, 1);
                store(s, PackedMatrix.PANEL_ROWS, panel + 1, 0, 1);
            }
        }
        for (; panel < endPanel; panel++) {
            int column = panel * PackedMatrix.PANEL_ROWS;
            boolean isWhole = isUnchanged() && column + PackedMatrix.PANEL_ROWS <= out.columns();
            for (int row = 0; row < numRows; row += PanelKernel.MAX_ROWS) {
                int n = Math.min(PanelKernel.MAX_ROWS, numRows - row);
                int from = row * x.columns();
                if (!isPacked(n)) {
                    kernel.multiply(weights, panel, x.values(), s.rowOffsets, row, n, s.tile);
                } else if (isWhole && n == PanelKernel.MAX_ROWS) {
                    kernel.multiplyPacked(weights, panel, s.packed, from, out.values(), s.outStarts, row, column);
                    continue;
                } else {
                    kernel.multiplyPacked(weights, panel, s.packed, from, s.tile, TILE_STARTS, 0, 0);
                }
                store(s, 0, panel, row, n);
            }
        }
    }

    /** Whether a tile goes out as the kernel computes it. */
    private boolean isUnchanged() {
        return epilogue == Epilogue.KEEP || epilogue == Epilogue.STORE && !isRounding;
    }

    private boolean isPacked(int numRows) {
        return numRows > MAX_UNPACKED_ROWS && PanelKernel.MAX_ROWS * x.columns() <= PACKED_FLOATS;
    }

    private void prepare(Scratch s, int first, int numRows) {
        for (int row = 0; row < numRows; row += PanelKernel.MAX_ROWS) {
            int n = Math.min(PanelKernel.MAX_ROWS, numRows - row);
            for (int r = row; r < row + PanelKernel.MAX_ROWS; r++) {
                int index = first + Math.min(r, numRows - 1);
                int target = routing == null ? index : routing.pair(index);
                s.outRows[r] = target;
                s.outStarts[r] = target * out.columns();
                s.rowOffsets[r] = (routing == null ? target : target / pairsPerRow) * x.columns();
            }
            if (isPacked(n)) {
                kernel.pack(x.values(), s.rowOffsets, row, x.columns(), s.packed, row * x.columns());
            }
        }
    }

    private void store(Scratch s, int from, int panel, int firstRow, int numRows) {
        boolean isGated = epilogue == Epilogue.SILU_AND_MUL;
        int width = isGated ? PackedMatrix.HALF : PackedMatrix.PANEL_ROWS;
        int column = panel * width;
        int n = Math.min(width, out.columns() - column);
        float[] values = out.values();
        for (int r = 0; r < numRows; r++) {
            int at = from + r * PackedMatrix.PANEL_ROWS;
            int to = s.outStarts[firstRow + r] + column;
            if (isGated) {
                rowKernel.siluAndMul(values, to, s.tile, at, s.tile, at + width, n, s.exponentials);
            } else if (epilogue == Epilogue.SCALE) {
                rowKernel.scale(values, to, s.tile, at, n, routing.weights()[s.outRows[firstRow + r]]);
            } else {
                rowKernel.copy(s.tile, at, values, to, n);
            }
            if (epilogue != Epilogue.KEEP && isRounding) {
                rowKernel.roundBf16(values, to, n);
            }
        }
    }
}
