package io.penstock.runtime.cpu;

/**
 * A matrix product cut into groups of weight panels; plain, or grouped by expert. Fields are set before each run, so
 * that a step allocates nothing.
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

    private final WorkerPool pool;
    private final PanelKernel kernel;
    private final Arithmetic arithmetic;
    private final float[][] tiles;
    private final int[][] rowOffsets;
    private final int[][] outRows;
    private PackedMatrix matrix;
    private PackedMatrix[] experts;
    private CpuRouting routing;
    private CpuTensor x;
    private CpuTensor out;
    private Epilogue epilogue;
    private int panelsPerItem;
    private int itemsPerMatrix;
    private int pairsPerRow;

    LinearWork(WorkerPool pool, PanelKernel kernel, Arithmetic arithmetic) {
        this.pool = pool;
        this.kernel = kernel;
        this.arithmetic = arithmetic;
        tiles = new float[pool.numWorkers()][PanelKernel.TILE_FLOATS];
        rowOffsets = new int[pool.numWorkers()][PanelKernel.MAX_ROWS];
        outRows = new int[pool.numWorkers()][PanelKernel.MAX_ROWS];
    }

    /** {@code out = epilogue(x matrixᵀ)}, all rows of {@code x}. */
    void run(CpuTensor out, CpuTensor x, PackedMatrix matrix, Epilogue epilogue) {
        this.matrix = matrix;
        this.routing = null;
        start(out, x, matrix, epilogue, 1);
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
        start(out, x, experts[0], epilogue, experts.length);
    }

    private void start(CpuTensor out, CpuTensor x, PackedMatrix shape, Epilogue epilogue, int numMatrices) {
        assert x.columns() == shape.columns() : x.columns() + " input columns, weight has " + shape.columns();
        this.out = out;
        this.x = x;
        this.epilogue = epilogue;
        panelsPerItem = Math.max(1, ITEM_BYTES / (shape.columns() * 2 * PackedMatrix.PANEL_ROWS));
        itemsPerMatrix = (shape.numPanels() + panelsPerItem - 1) / panelsPerItem;
        pool.run(this, itemsPerMatrix * numMatrices);
    }

    @Override
    public void run(int item, int worker) {
        int expert = item / itemsPerMatrix;
        PackedMatrix weights = routing == null ? matrix : experts[expert];
        int first = routing == null ? 0 : routing.offset(expert);
        int end = routing == null ? x.rows() : routing.offset(expert + 1);
        int panel = item % itemsPerMatrix * panelsPerItem;
        int endPanel = Math.min(panel + panelsPerItem, weights.numPanels());
        if (end - first == 1 && !weights.isFloat32()) {
            for (; panel + 1 < endPanel; panel += 2) {
                twoPanels(weights, panel, first, tiles[worker]);
            }
        }
        for (; panel < endPanel; panel++) {
            for (int row = first; row < end; row += PanelKernel.MAX_ROWS) {
                tile(weights, panel, row, Math.min(PanelKernel.MAX_ROWS, end - row), worker);
            }
        }
    }

    private void twoPanels(PackedMatrix weights, int panel, int index, float[] tile) {
        int row = routing == null ? index : routing.pair(index);
        int offset = (routing == null ? row : row / pairsPerRow) * x.columns();
        kernel.multiplyTwoPanels(weights, panel, x.values(), offset, tile);
        store(panel, tile, 0, row);
        store(panel + 1, tile, PackedMatrix.PANEL_ROWS, row);
    }

    private void tile(PackedMatrix weights, int panel, int firstRow, int numRows, int worker) {
        int[] offsets = rowOffsets[worker];
        int[] targets = outRows[worker];
        float[] tile = tiles[worker];
        for (int r = 0; r < PanelKernel.MAX_ROWS; r++) {
            int index = firstRow + Math.min(r, numRows - 1);
            int target = routing == null ? index : routing.pair(index);
            targets[r] = target;
            offsets[r] = (routing == null ? target : target / pairsPerRow) * x.columns();
        }
        kernel.multiply(weights, panel, x.values(), offsets, numRows, tile);
        for (int r = 0; r < numRows; r++) {
            store(panel, tile, r * PackedMatrix.PANEL_ROWS, targets[r]);
        }
    }

    private void store(int panel, float[] tile, int from, int row) {
        int width = PackedMatrix.PANEL_ROWS;
        if (epilogue == Epilogue.SILU_AND_MUL) {
            width = PackedMatrix.HALF;
            Elementwise.siluAndMul(tile, from, tile, from + width, width);
        } else if (epilogue == Epilogue.SCALE) {
            float weight = routing.weights()[row];
            for (int j = 0; j < width; j++) {
                tile[from + j] *= weight;
            }
        }
        if (epilogue != Epilogue.KEEP && arithmetic == Arithmetic.BFLOAT16) {
            Elementwise.roundBf16(tile, from, width);
        }
        int column = panel * width;
        System.arraycopy(tile, from, out.values(), row * out.columns() + column,
                Math.min(width, out.columns() - column));
    }
}
