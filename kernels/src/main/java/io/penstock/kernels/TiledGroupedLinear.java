package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@link GroupedLinearKernel} with weights as images of tiles, on 9.0: as many blocks as fit take parts in turn. */
final class TiledGroupedLinear extends GroupedLinearKernel {
    private static final TiledBlock[] BLOCKS = TiledBlock.OF_PRODUCTS;
    private static final Output[] OUTPUTS = Output.values();

    private final LaunchShape[] shapes = new LaunchShape[BLOCKS.length];
    private final Launch[][] launches = new Launch[OUTPUTS.length][BLOCKS.length];
    private final int numExperts;
    private final int numMultiprocessors;

    TiledGroupedLinear(Device device, int numExperts, int expertsPerToken) {
        super(device, WeightFormat.TILES, expertsPerToken);
        this.numExperts = numExperts;
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (TiledBlock block : BLOCKS) {
            int sharedBytes = block.expertSharedBytes();
            shapes[block.ordinal()] = LaunchShape.ofThreads(block.threads()).dynamicShared(sharedBytes);
            for (Output output : OUTPUTS) {
                Launch launch = launch(output.entry(block));
                launch.allowDynamicShared(sharedBytes);
                launches[output.ordinal()][block.ordinal()] = launch;
            }
        }
    }

    @Override
    Launch select(Output output, int numPairs) {
        return launches[output.ordinal()][TiledBlock.selectGrouped(numPairs, numExperts).ordinal()];
    }

    @Override
    void run(Stream stream, Launch launch, int numPairs, int weightRows) {
        TiledBlock block = TiledBlock.selectGrouped(numPairs, numExperts);
        // A pair brings one tile at most.
        int numBlocks = Math.min(
                numPairs * block.numParts(weightRows), numMultiprocessors * block.blocksPerMultiprocessor());
        launch.run(stream, shapes[block.ordinal()].grid(numBlocks, 1, 1));
    }
}
