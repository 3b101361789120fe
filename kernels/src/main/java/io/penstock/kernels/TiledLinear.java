package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@link LinearKernel} with weights as images of tiles, on 9.0: as many blocks as fit take parts in turn. */
final class TiledLinear extends LinearKernel {
    private static final TiledBlock[] BLOCKS = TiledBlock.values();
    private static final Output[] OUTPUTS = Output.values();

    private final LaunchShape[] shapes = new LaunchShape[BLOCKS.length];
    private final Launch[][] launches = new Launch[OUTPUTS.length][BLOCKS.length];
    private final int numMultiprocessors;

    TiledLinear(Device device) {
        super(device, WeightFormat.TILES);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (TiledBlock block : BLOCKS) {
            shapes[block.ordinal()] = LaunchShape.ofThreads(block.threads()).dynamicShared(block.sharedBytes());
            for (Output output : OUTPUTS) {
                Launch launch = launch(output.entry(block));
                launch.allowDynamicShared(block.sharedBytes());
                launches[output.ordinal()][block.ordinal()] = launch;
            }
        }
    }

    @Override
    void launch(Stream stream, Output output, long y, long x, long weight, int numRows, int numColumns, int k) {
        int weightRows = output.weightRows(numColumns);
        int plan = TiledBlock.select(numRows, weightRows, k, numMultiprocessors);
        TiledBlock block = TiledBlock.block(plan);
        int numRowTiles = TiledBlock.numRowTiles(plan);
        Launch launch = launches[output.ordinal()][block.ordinal()];
        launch.args()
                .setPointer(0, y)
                .setPointer(1, x)
                .setPointer(2, weight)
                .setInt(3, numRows)
                .setInt(4, numColumns)
                .setInt(5, k)
                .setInt(6, numRowTiles);
        int numBlocks = Math.min(
                numRowTiles * block.numParts(weightRows), numMultiprocessors * block.blocksPerMultiprocessor());
        launch.run(stream, shapes[block.ordinal()].grid(numBlocks, 1, 1));
    }
}
