package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@link LinearKernel} with weights as images of tiles, on 9.0: as many blocks as fit take parts in turn, or where rows
 * are behind the product, draw parts and then rows.
 */
final class TiledLinear extends LinearKernel {
    private static final TiledBlock[] BLOCKS = TiledBlock.OF_PRODUCTS;
    private static final Output[] OUTPUTS = Output.values();
    private static final int FIRST_HEAD_INT = 8;
    private static final int FIRST_ROW_INT = 18;
    private static final int PIECE_TOKENS = 8;

    private static final RoutedRows NOT_ROUTED = new RoutedRows(
            new AddRmsNormRouteTopKKernel.Rule(AddRmsNormRouteTopKKernel.EXPERT_MULTIPLE, 1, false, 0),
            new AddRmsNormRouteTopKKernel.LayerAddresses(0, 0, 0),
            new AddRmsNormRouteTopKKernel.RoutingAddresses(0, 0, 0, 0, 0, 0, 0), 0);

    private static final NormedProduct ALONE = new NormedProduct(0, 0, 0, 0, 0, 0, null);

    private final LaunchShape[][] shapes = new LaunchShape[OUTPUTS.length][BLOCKS.length];
    private final Launch[][] launches = new Launch[OUTPUTS.length][BLOCKS.length];
    private final Launch[] withRows = new Launch[BLOCKS.length];
    private final TileTable table;
    private final int numMultiprocessors;

    TiledLinear(Device device, TileTable table) {
        super(device, WeightFormat.TILES);
        this.table = table;
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (TiledBlock block : BLOCKS) {
            for (Output output : OUTPUTS) {
                int sharedBytes = sharedBytes(output, block);
                Launch launch = launch(output.entry(block));
                launch.allowDynamicShared(sharedBytes);
                launches[output.ordinal()][block.ordinal()] = launch;
                shapes[output.ordinal()][block.ordinal()] =
                        LaunchShape.ofThreads(block.threads()).dynamicShared(sharedBytes);
            }
            withRows[block.ordinal()] = launch(Output.BF16.entry(block));
            withRows[block.ordinal()].allowDynamicShared(sharedBytes(Output.BF16, block));
            setRows(launches[Output.BF16.ordinal()][block.ordinal()], 0, 0, ALONE, 0);
        }
    }

    private static int sharedBytes(Output output, TiledBlock block) {
        return switch (output) {
            case BF16 -> block.drawSharedBytes();
            case F32 -> block.headSharedBytes();
            case SILU_AND_MUL -> block.sharedBytes();
        };
    }

    @Override
    public boolean choosesInHead() {
        return true;
    }

    @Override
    void launch(Stream stream, Output output, long y, long x, long weight, int numRows, int numColumns, int k) {
        int plan = plan(output, numRows, numColumns, k);
        Launch launch = launches[output.ordinal()][TiledBlock.block(plan).ordinal()];
        setProduct(launch, y, x, weight);
        if (output == Output.F32) {
            setHead(launch, ALL_ROWS);
        }
        run(stream, output, launch, plan, numRows, numColumns, k, 0);
    }

    @Override
    public void launchHead(
            Stream stream, long y, long x, long weight, SampledRows sampled, int numRows, int numColumns, int k) {
        if (numRows > 0) {
            int plan = plan(Output.F32, numRows, numColumns, k);
            Launch launch = launches[Output.F32.ordinal()][TiledBlock.block(plan).ordinal()];
            setProduct(launch, y, x, weight);
            setHead(launch, sampled);
            run(stream, Output.F32, launch, plan, numRows, numColumns, k, 0);
        }
    }

    private int plan(Output output, int numRows, int numColumns, int k) {
        return table.plan(numRows, output.weightRows(numColumns), k, numMultiprocessors);
    }

    @Override
    public void launchAddRmsNorm(
            Stream stream, long y, long x, long residual, long out, NormedProduct product, int numRows) {
        if (numRows > 0) {
            WarpRows.requireColumns(product.numColumns());
            int plan = plan(Output.BF16, numRows, product.numColumns(), product.k());
            Launch launch = withRows[TiledBlock.block(plan).ordinal()];
            setProduct(launch, y, x, product.weight());
            setRows(launch, residual, out, product, numRows);
            run(stream, Output.BF16, launch, plan, numRows, product.numColumns(), product.k(),
                    Math.ceilDiv(numRows, PIECE_TOKENS));
        }
    }

    private static void setRows(Launch launch, long residual, long out, NormedProduct product, int numRows) {
        RoutedRows routed = product.routed() == null ? NOT_ROUTED : product.routed();
        AddRmsNormRouteTopKKernel.Rule rule = routed.rule();
        AddRmsNormRouteTopKKernel.RoutingAddresses routing = routed.routing();
        launch.args()
                .setPointer(3, product.progress())
                .setPointer(4, residual)
                .setPointer(5, out)
                .setPointer(6, product.norm())
                .setPointer(7, routed.layer().gate())
                .setPointer(8, routed.layer().bias())
                .setPointer(9, routing.expertIds())
                .setPointer(10, routing.weights())
                .setPointer(11, routing.sortedPairs())
                .setPointer(12, routing.offsets())
                .setPointer(13, routing.tiles())
                .setPointer(14, routing.counters())
                .setPointer(15, routing.masks())
                .setPointer(16, routing.numArrived())
                .setPointer(17, routed.numRealTokens())
                .setInt(FIRST_ROW_INT + 4, rule.numExperts())
                .setInt(FIRST_ROW_INT + 5, rule.expertsPerToken())
                .setInt(FIRST_ROW_INT + 6, rule.isNormalised() ? 1 : 0)
                .setInt(FIRST_ROW_INT + 7, GroupedLinearKernel.tileRows(
                        WeightFormat.TILES, numRows * rule.expertsPerToken(), rule.numExperts()))
                .setFloat(FIRST_ROW_INT + 8, rule.scaling())
                .setFloat(FIRST_ROW_INT + 9, product.eps());
    }

    private static void setProduct(Launch launch, long y, long x, long weight) {
        launch.args().setPointer(0, y).setPointer(1, x).setPointer(2, weight);
    }

    private static void setHead(Launch launch, SampledRows sampled) {
        launch.args()
                .setPointer(3, sampled.results())
                .setPointer(4, sampled.rowSlots())
                .setPointer(5, sampled.rowMasks())
                .setPointer(6, sampled.rowTargets())
                .setPointer(7, sampled.slots())
                .setInt(FIRST_HEAD_INT + 4, sampled.numValidTokens())
                .setInt(FIRST_HEAD_INT + 5, SampleKernel.headResults(sampled.numValidTokens()));
    }

    /** @param numPieces of rows behind the product */
    private void run(Stream stream, Output output, Launch launch, int plan, int numRows, int numColumns, int k,
            int numPieces) {
        TiledBlock block = TiledBlock.block(plan);
        int numRowTiles = TiledBlock.numRowTiles(plan);
        int first = switch (output) {
            case BF16 -> FIRST_ROW_INT;
            case F32 -> FIRST_HEAD_INT;
            case SILU_AND_MUL -> 3;
        };
        launch.args()
                .setInt(first, numRows)
                .setInt(first + 1, numColumns)
                .setInt(first + 2, k)
                .setInt(first + 3, numRowTiles);
        int numBlocks = Math.min(numRowTiles * block.numParts(output.weightRows(numColumns)) + numPieces,
                numMultiprocessors * block.blocksPerMultiprocessor());
        launch.run(stream, shapes[output.ordinal()][block.ordinal()].grid(numBlocks, 1, 1));
    }
}
