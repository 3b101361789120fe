package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@link LinearKernel} with weights as images of tiles, on 9.0: as many blocks as fit take parts in turn. */
final class TiledLinear extends LinearKernel {
    private static final TiledBlock[] BLOCKS = TiledBlock.OF_PRODUCTS;
    private static final Output[] OUTPUTS = Output.values();
    private static final int FIRST_INT = 3;
    private static final int FIRST_HEAD_INT = 8;

    private final LaunchShape[][] shapes = new LaunchShape[OUTPUTS.length][BLOCKS.length];
    private final Launch[][] launches = new Launch[OUTPUTS.length][BLOCKS.length];
    private final TileTable table;
    private final int numMultiprocessors;

    TiledLinear(Device device, TileTable table) {
        super(device, WeightFormat.TILES);
        this.table = table;
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (TiledBlock block : BLOCKS) {
            for (Output output : OUTPUTS) {
                int sharedBytes = output == Output.F32 ? block.headSharedBytes() : block.sharedBytes();
                Launch launch = launch(output.entry(block));
                launch.allowDynamicShared(sharedBytes);
                launches[output.ordinal()][block.ordinal()] = launch;
                shapes[output.ordinal()][block.ordinal()] =
                        LaunchShape.ofThreads(block.threads()).dynamicShared(sharedBytes);
            }
        }
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
        run(stream, output, launch, plan, numRows, numColumns, k);
    }

    @Override
    public void launchHead(
            Stream stream, long y, long x, long weight, SampledRows sampled, int numRows, int numColumns, int k) {
        if (numRows > 0) {
            int plan = plan(Output.F32, numRows, numColumns, k);
            Launch launch = launches[Output.F32.ordinal()][TiledBlock.block(plan).ordinal()];
            setProduct(launch, y, x, weight);
            setHead(launch, sampled);
            run(stream, Output.F32, launch, plan, numRows, numColumns, k);
        }
    }

    private int plan(Output output, int numRows, int numColumns, int k) {
        return table.plan(numRows, output.weightRows(numColumns), k, numMultiprocessors);
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

    private void run(
            Stream stream, Output output, Launch launch, int plan, int numRows, int numColumns, int k) {
        TiledBlock block = TiledBlock.block(plan);
        int numRowTiles = TiledBlock.numRowTiles(plan);
        int first = output == Output.F32 ? FIRST_HEAD_INT : FIRST_INT;
        launch.args()
                .setInt(first, numRows)
                .setInt(first + 1, numColumns)
                .setInt(first + 2, k)
                .setInt(first + 3, numRowTiles);
        int numBlocks = Math.min(numRowTiles * block.numParts(output.weightRows(numColumns)),
                numMultiprocessors * block.blocksPerMultiprocessor());
        launch.run(stream, shapes[output.ordinal()][block.ordinal()].grid(numBlocks, 1, 1));
    }
}
